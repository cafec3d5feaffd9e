export interface Point {
  id: number;
  x: number;
  y: number;
}

/** What fingers or a pointer on the timeline ask for; x in pixels of the design from its left edge. */
export interface Wishes {
  /** The playhead follows the pointer. */
  onScrub: (x: number) => void;
  /** The pointer let go there. */
  onPick: (x: number) => void;
  onPan: (by: number) => void;
  /** Two fingers: `factor` > 1 shows more. */
  onPinch: (factor: number, x: number) => void;
  onCancel: () => void;
}

/** A hand is not quite still when it clicks, px. */
const SLACK = 4;

/** Tells clicks, scrubbing, panning (by the ruler) and pinching apart. */
export class Hands {
  private readonly points = new Map<number, Point>();
  private begin: Point | null = null;
  private moved = false;
  private readonly ruler: number;
  private readonly wishes: Wishes;

  /** `ruler`: down to where a drag moves the view, px. */
  constructor(ruler: number, wishes: Wishes) {
    this.ruler = ruler;
    this.wishes = wishes;
  }

  get down(): boolean {
    return this.points.size > 0;
  }

  press(point: Point): void {
    this.points.set(point.id, point);
    this.begin = this.points.size === 1 ? point : null;
    this.moved = false;
    if (this.points.size > 1) this.wishes.onCancel();
  }

  move(point: Point): void {
    const before = this.points.get(point.id);
    if (before === undefined) return;
    if (this.points.size > 1) {
      const span = this.span();
      this.points.set(point.id, point);
      const [middle, now] = [this.middle(), this.span()];
      if (span > 0 && now > 0) this.wishes.onPinch(span / now, middle);
      return;
    }
    if (this.begin === null || (!this.moved && Math.abs(point.x - this.begin.x) <= SLACK)) return;
    // The way within the slack is made up for, so that what was grasped stays under the pointer.
    const from = this.moved ? before.x : this.begin.x;
    this.moved = true;
    this.points.set(point.id, point);
    if (this.begin.y < this.ruler) this.wishes.onPan(from - point.x);
    else this.wishes.onScrub(point.x);
  }

  release(point: Point): void {
    if (!this.points.delete(point.id)) return;
    const { begin, moved } = this;
    this.begin = null;
    if (begin === null) return;
    if (!moved || begin.y >= this.ruler) this.wishes.onPick(point.x);
  }

  cancel(id: number): void {
    this.points.delete(id);
    this.begin = null;
    this.wishes.onCancel();
  }

  private span(): number {
    const xs = [...this.points.values()].map((point) => point.x);
    return Math.max(...xs) - Math.min(...xs);
  }

  private middle(): number {
    const xs = [...this.points.values()].map((point) => point.x);
    return xs.reduce((sum, x) => sum + x, 0) / xs.length;
  }
}
