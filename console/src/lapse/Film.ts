import { isAbort, Problem } from '../api/problem';
import { backoff } from '../player/backoff';
import type { Frame } from './track';

export interface FilmState {
  index: number;
  playing: boolean;
  /** The picture that is due is on its way. */
  waiting: boolean;
  /** It cannot be had. */
  missing: boolean;
}

export interface FilmOptions<Sheet> {
  /** At least one, in order of time. */
  frames: readonly Frame[];
  load: (url: string, signal: AbortSignal) => Promise<Sheet>;
  /** Gives a sheet's memory back. */
  release: (sheet: Sheet) => void;
  draw: (sheet: Sheet, frame: Frame) => void;
  onState: (state: FilmState) => void;
}

/** The sheet of the picture that is shown, and the one after it. */
const AT_ONCE = 2;
/** About 2 MB each once decoded. */
const SHEETS_KEPT = 8;
const ATTEMPTS = 4;

/** Plays small pictures one after the other; what is shown stands until the next one is there. */
export class Film<Sheet> {
  private readonly options: FilmOptions<Sheet>;
  /** Null: it was given up. */
  private readonly sheets = new Map<string, Sheet | null>();
  private readonly flying = new Map<string, AbortController>();
  private readonly ended = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private rate = 5;
  private state: FilmState = { index: 0, playing: false, waiting: true, missing: false };

  constructor(options: FilmOptions<Sheet>) {
    this.options = options;
    this.show(0);
  }

  /** From the beginning where it has come to its end. */
  play(): void {
    if (this.state.playing) return;
    this.set({ playing: true });
    if (this.isLast()) this.show(0);
    else this.schedule();
  }

  pause(): void {
    clearTimeout(this.timer);
    this.set({ playing: false });
  }

  toggle(): void {
    if (this.state.playing) this.pause();
    else this.play();
  }

  /** Shows a picture, the nearest that there is, and plays on if it played. */
  seek(index: number): void {
    this.show(Math.min(Math.max(Math.round(index), 0), this.options.frames.length - 1));
  }

  step(by: number): void {
    this.pause();
    this.seek(this.state.index + by);
  }

  /** Pictures a second. */
  setRate(rate: number): void {
    this.rate = rate;
  }

  close(): void {
    clearTimeout(this.timer);
    this.ended.abort();
    for (const flight of this.flying.values()) flight.abort();
    for (const sheet of this.sheets.values()) if (sheet !== null) this.options.release(sheet);
    this.sheets.clear();
  }

  private show(index: number): void {
    clearTimeout(this.timer);
    const frame = this.options.frames[index];
    if (frame === undefined) return;
    const sheet = this.sheets.get(frame.sheet);
    if (sheet !== undefined && sheet !== null) this.options.draw(sheet, frame);
    this.set({ index, waiting: sheet === undefined, missing: sheet === null });
    this.fetchFrom(index);
    if (sheet !== undefined) this.schedule();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (!this.state.playing || this.state.waiting) return;
    if (this.isLast()) this.set({ playing: false });
    else this.timer = setTimeout(() => this.show(this.state.index + 1), 1000 / this.rate);
  }

  private isLast(): boolean {
    return this.state.index >= this.options.frames.length - 1;
  }

  /** Has the sheet of a picture on its way, then that of what follows; what was wanted before is not any more. */
  private fetchFrom(index: number): void {
    const wanted = new Set<string>();
    for (const { sheet } of this.options.frames.slice(index)) {
      wanted.add(sheet);
      if (wanted.size === AT_ONCE) break;
    }
    for (const [url, flight] of this.flying) {
      if (wanted.has(url)) continue;
      flight.abort();
      this.flying.delete(url); // It may be wanted again before it has ended.
    }
    for (const url of wanted) {
      const known = this.sheets.get(url);
      if (known === undefined && !this.flying.has(url)) void this.fly(url);
      else if (known !== undefined) this.keep(url, known);
    }
  }

  private async fly(url: string): Promise<void> {
    const flight = new AbortController();
    this.flying.set(url, flight);
    const sheet = await this.loaded(url, flight.signal);
    if (this.flying.get(url) === flight) this.flying.delete(url);
    if (sheet === undefined) return;
    if (this.ended.signal.aborted) {
      if (sheet !== null) this.options.release(sheet);
      return;
    }
    this.keep(url, sheet);
    if (this.options.frames[this.state.index]?.sheet === url) this.show(this.state.index);
  }

  /** Undefined: nobody waits for it any more. Null: it cannot be had. */
  private async loaded(url: string, signal: AbortSignal): Promise<Sheet | null | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.options.load(url, signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return undefined;
        const final = error instanceof Problem && error.status < 500 && error.status !== 429;
        if (final || attempt + 1 === ATTEMPTS) return null;
      }
      await new Promise((resolve) => setTimeout(resolve, backoff(attempt)));
      if (signal.aborted) return undefined;
    }
  }

  /** As the one used last; the one used longest ago makes room. */
  private keep(url: string, sheet: Sheet | null): void {
    this.sheets.delete(url);
    this.sheets.set(url, sheet);
    for (const [oldest, old] of this.sheets) {
      if (this.sheets.size <= SHEETS_KEPT) break;
      this.sheets.delete(oldest);
      if (old !== null) this.options.release(old);
    }
  }

  private set(change: Partial<FilmState>): void {
    this.state = { ...this.state, ...change };
    this.options.onState(this.state);
  }
}
