/** Groups of cameras that take turns on the wall. */
export interface PatrolPlan {
  groups: string[][];
  /** How long each is shown. */
  seconds: number;
}

export interface PatrolView {
  /** Which group is shown, from 0, and of how many. */
  index: number;
  count: number;
  shown: readonly string[];
  /** The group to make ready, so that its pictures are there when its turn comes; empty until then. */
  ready: readonly string[];
  held: boolean;
}

/** Why a patrol stands still: the person points at the wall, has pressed pause, or the page is not seen. */
export type Hold = 'pointer' | 'button' | 'page';

export const SHORTEST_S = 5;
export const LONGEST_S = 3600;
const TICK_MS = 500;
/** How long before its turn a group is made ready: enough for tickets, key frames and the decoders. */
const READY_MS = 6000;

/** Cuts cameras into groups that fill a wall; a camera comes once. */
export function groupsOf(cameras: readonly string[], size: number): string[][] {
  const once = [...new Set(cameras)];
  return Array.from({ length: Math.ceil(once.length / size) }, (_, group) =>
    once.slice(group * size, (group + 1) * size),
  );
}

/** Shows each group of a plan in turn, until it is stopped. */
export class Patrol {
  private readonly plan: PatrolPlan;
  private readonly onView: (view: PatrolView) => void;
  private readonly ticker: ReturnType<typeof setInterval>;
  private readonly holds = new Set<Hold>();
  private index = 0;
  private shownMs = 0;

  /** `plan` has a group at least. */
  constructor(plan: PatrolPlan, onView: (view: PatrolView) => void) {
    this.plan = plan;
    this.onView = onView;
    this.ticker = setInterval(this.tick, TICK_MS);
    this.tell();
  }

  hold(why: Hold, on: boolean): void {
    if (on === this.holds.has(why)) return;
    if (on) this.holds.add(why);
    else this.holds.delete(why);
    this.tell();
  }

  /** Goes so many groups on, or back. */
  step(groups: number): void {
    const { length } = this.plan.groups;
    this.index = (this.index + groups + length) % length;
    this.shownMs = 0;
    this.tell();
  }

  stop(): void {
    clearInterval(this.ticker);
  }

  private tick = (): void => {
    if (this.holds.size > 0 || this.plan.groups.length < 2) return;
    const before = this.isNear();
    this.shownMs += TICK_MS;
    if (this.shownMs >= this.plan.seconds * 1000) this.step(1);
    else if (this.isNear() !== before) this.tell();
  };

  private isNear(): boolean {
    return this.shownMs >= this.plan.seconds * 1000 - READY_MS;
  }

  private tell(): void {
    const { groups } = this.plan;
    const next = groups[(this.index + 1) % groups.length] ?? [];
    this.onView({
      index: this.index,
      count: groups.length,
      shown: groups[this.index] ?? [],
      ready: groups.length > 1 && this.isNear() ? next : [],
      held: this.holds.size > 0,
    });
  }
}
