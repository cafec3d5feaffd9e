/**
 * The server's clock as seen from here. A village office's PC may be minutes off, and "now" on a timeline
 * must be the recorder's now. The Date header has a resolution of 1 s, so less than 2 s is not corrected.
 */
export class ServerClock {
  private offset = 0;

  private readonly local: () => number;

  constructor(local: () => number = Date.now) {
    this.local = local;
  }

  /** Epoch milliseconds. */
  now = (): number => this.local() + this.offset;

  observe(dateHeader: string | null): void {
    const told = dateHeader === null ? NaN : Date.parse(dateHeader);
    if (Number.isNaN(told)) return;
    const offset = told + 500 - this.local();
    this.offset = Math.abs(offset) < 2000 ? 0 : offset;
  }
}
