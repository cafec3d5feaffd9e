/** A picture that somebody else keeps at the right instant. */
export interface SyncedPlayer {
  /** Wall time of the picture shown, epoch milliseconds; null while it has none. */
  instant(): number | null;
  /** `busy`: fetching or seeking, worth waiting for. `failed`: it says itself why, and nobody waits. */
  phase(): 'ready' | 'busy' | 'failed';
  /** Show the picture of this instant, wherever it has to be fetched from. */
  seek(instant: number): void;
  /** How fast a person watches; above four times the speed key frames are enough. */
  setSpeed(speed: number): void;
  /** How fast it plays just now: 0 stands still, and near the speed it catches up. */
  setRate(rate: number): void;
  stop(): void;
}

export type Due<Cause extends string = string> =
  { kind: 'recorded' } | { kind: 'missing'; cause: Cause; next: number | null };

export interface SyncState<Cause extends string = string> {
  /** The master clock, epoch milliseconds. */
  instant: number;
  /** It stands, because a picture is on its way. */
  waiting: boolean;
  /** Why a member has no picture at this instant, by its name. */
  missing: ReadonlyMap<string, Cause>;
}

export interface SyncOptions<Cause extends string> {
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
  onState: (state: SyncState<Cause>) => void;
  /** Nobody has footage from `from` to `to`, so all went on there; because of `cause`. */
  onSkip: (from: number, to: number, cause: Cause) => void;
  /** Nobody has footage from this instant on. */
  onEnd: (instant: number) => void;
}

interface Member<Cause extends string> {
  player: SyncedPlayer;
  due: (instant: number) => Due<Cause>;
  /** It was told to show something; null while it stands in a gap. */
  sought: number | null;
  soughtAt: number;
}

/** Nearer than this nobody sees a difference, ms of real time. */
const TOLERANCE_MS = 60;
/** Farther away than this it is quicker to jump, ms of real time. */
const JUMP_MS = 450;
/** How much faster or slower a member goes to come near. */
const MOST_NUDGE = 0.25;
/** Browsers play no faster. */
const TOP_RATE = 16;
/** Together, who is behind must be able to catch up. */
const TOP_TOGETHER = 15;
/** One camera's slow footage holds up the others for so long, ms. */
const PATIENCE_MS = 6_000;
/** A jump needs so long before another one may help. */
const JUMP_AGAIN_MS = 1_500;

/**
 * A master clock of wall time that drives some players. It stands while a picture that is due has not come; where a
 * camera has nothing, the others play on; where none has, it goes on to the next footage.
 */
export class SyncGroup<Cause extends string = string> {
  private readonly members = new Map<string, Member<Cause>>();
  private readonly options: SyncOptions<Cause>;
  private master: number;
  private last: number;
  private waitingSince: number | null = null;
  private speed = 1;
  private playing = true;
  private over = false;

  constructor(instant: number, options: SyncOptions<Cause>) {
    this.master = instant;
    this.options = options;
    this.last = options.now();
  }

  get instant(): number {
    return this.master;
  }

  /** `due`: what its camera has at an instant; may know more each time it is asked. */
  add(name: string, player: SyncedPlayer, due: (instant: number) => Due<Cause>): void {
    this.remove(name);
    player.setSpeed(this.speed);
    this.members.set(name, { player, due, sought: null, soughtAt: -Infinity });
    this.waitingSince = null;
  }

  remove(name: string): void {
    this.members.get(name)?.player.stop();
    this.members.delete(name);
  }

  stop(): void {
    for (const name of [...this.members.keys()]) this.remove(name);
  }

  seek(instant: number): void {
    this.master = instant;
    this.over = false;
    this.waitingSince = null;
    for (const member of this.members.values()) member.sought = null;
    this.tick();
  }

  /** What the lead shows after a step of a frame is the instant; the others come there. */
  follow(lead: string, instant: number): void {
    this.master = instant;
    for (const [name, member] of this.members) if (name !== lead) member.sought = null;
    this.tick();
  }

  play(): void {
    this.playing = true;
    this.last = this.options.now();
  }

  pause(): void {
    this.playing = false;
    for (const { player } of this.members.values()) player.setRate(0);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.waitingSince = null;
    for (const member of this.members.values()) {
      member.player.setSpeed(speed);
      // What failed at one speed may do at another.
      if (member.player.phase() === 'failed') member.sought = null;
    }
  }

  /** To be called some ten times a second. */
  tick(): void {
    const now = this.options.now();
    const elapsed = now - this.last;
    this.last = now;
    if (this.over || this.members.size === 0) return;
    const missing = new Map<string, Cause>();
    const due: Member<Cause>[] = [];
    let next = Infinity;
    for (const [name, member] of this.members) {
      const has = member.due(this.master);
      if (has.kind === 'recorded') {
        due.push(member);
        if (member.sought === null) this.send(member, now);
        continue;
      }
      missing.set(name, has.cause);
      next = Math.min(next, has.next ?? Infinity);
      member.sought = null;
      member.player.setRate(0);
    }
    if (due.length === 0) {
      this.skip(next, missing);
      return;
    }
    const waiting = this.mustWait(due, now);
    if (waiting || !this.playing) for (const { player } of due) player.setRate(0);
    else this.advance(due, elapsed, now);
    this.options.onState({ instant: this.master, waiting, missing });
  }

  private skip(next: number, missing: ReadonlyMap<string, Cause>): void {
    const [from, cause] = [this.master, [...missing.values()][0]];
    if (next === Infinity) {
      this.over = true;
      this.options.onState({ instant: from, waiting: false, missing });
      this.options.onEnd(from);
    } else if (cause !== undefined) {
      this.options.onSkip(from, next, cause);
      this.seek(next);
    }
  }

  private mustWait(due: readonly Member<Cause>[], now: number): boolean {
    if (!due.some(({ player }) => player.phase() === 'busy')) {
      this.waitingSince = null;
      return false;
    }
    this.waitingSince ??= now;
    // Where nobody has a picture there is nothing to go on with.
    return now - this.waitingSince < PATIENCE_MS || !due.some(({ player }) => player.phase() === 'ready');
  }

  private advance(due: readonly Member<Cause>[], elapsed: number, now: number): void {
    const ready = due.filter(({ player }) => player.phase() === 'ready');
    const alone = ready.length === 1 ? ready[0]?.player.instant() : null;
    // Nobody is to be kept in step with one alone, so its own clock is as good as any; but it never goes back.
    if (alone && Math.abs(alone - this.master) < JUMP_MS * this.speed)
      this.master = Math.max(alone, this.master);
    else this.master += elapsed * Math.min(this.speed, TOP_TOGETHER);
    for (const member of due) this.steer(member, ready.length > 1, now);
  }

  private steer(member: Member<Cause>, among: boolean, now: number): void {
    const { player } = member;
    const instant = player.instant();
    if (player.phase() === 'failed') return;
    if (instant === null || player.phase() === 'busy') {
      player.setRate(this.speed);
      return;
    }
    /** How far it is behind, ms of real time. */
    const behind = (this.master - instant) / this.speed;
    if (behind > JUMP_MS) {
      if (now - member.soughtAt > JUMP_AGAIN_MS) this.send(member, now);
      else player.setRate(nudged(this.speed, MOST_NUDGE));
    } else if (behind < -JUMP_MS) {
      player.setRate(0); // Its next picture is yet to come: what lies before it is missing.
    } else if (!among || Math.abs(behind) <= TOLERANCE_MS) {
      player.setRate(this.speed);
    } else {
      player.setRate(nudged(this.speed, behind / 1000));
    }
  }

  private send(member: Member<Cause>, now: number): void {
    member.sought = this.master;
    member.soughtAt = now;
    member.player.seek(this.master);
  }
}

function nudged(speed: number, by: number): number {
  return Math.min(speed * (1 + Math.min(Math.max(by, -MOST_NUDGE), MOST_NUDGE)), TOP_RATE);
}
