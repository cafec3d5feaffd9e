import type { View } from './scale';

const GLIDE_MS = 140;

/** A view on its way to another one. Both ends move alike, so that what is under the pointer stays there. */
export class Glide {
  private from: View;
  private to: View;
  private began = -Infinity;

  constructor(view: View) {
    this.from = view;
    this.to = view;
  }

  get target(): View {
    return this.to;
  }

  /** `now`: milliseconds of a clock that never goes back. `still`: be there at once. */
  aim(to: View, now: number, still = false): void {
    this.from = this.at(now);
    this.to = to;
    this.began = still ? -Infinity : now;
  }

  at(now: number): View {
    const share = Math.min(Math.max((now - this.began) / GLIDE_MS, 0), 1);
    if (share === 1) return this.to;
    const eased = 1 - (1 - share) ** 3;
    const between = (a: number, b: number) => a + (b - a) * eased;
    return { start: between(this.from.start, this.to.start), end: between(this.from.end, this.to.end) };
  }

  isOver(now: number): boolean {
    return now - this.began >= GLIDE_MS;
  }
}
