import { beforeEach, describe, expect, it } from 'vitest';
import { SyncGroup, type Due, type SyncedPlayer, type SyncState } from '../src/player/SyncGroup';

const T = Date.parse('2025-11-22T08:00:00Z');
const TICK_MS = 100;
const ALWAYS = (): Due => ({ kind: 'recorded' });

/** Plays as told, from a while after it was told; some a little too slowly, as decoders do. */
class FakePlayer implements SyncedPlayer {
  rate = 0;
  speed = 1;
  seeks: number[] = [];
  stopped = false;
  failed = false;
  private at: number | null = null;
  private busy = 0;
  private readonly delay: number;
  private readonly drift: number;

  constructor(delay = 300, drift = 1) {
    this.delay = delay;
    this.drift = drift;
  }

  instant = () => (this.busy > 0 ? null : this.at);
  phase = () => (this.failed ? 'failed' : this.busy > 0 || this.at === null ? 'busy' : 'ready');
  seek(instant: number): void {
    this.seeks.push(instant);
    this.at = instant;
    this.busy = this.delay;
  }
  setSpeed(speed: number): void {
    this.speed = speed;
  }
  setRate(rate: number): void {
    this.rate = rate;
  }
  stop(): void {
    this.stopped = true;
  }
  run(milliseconds: number): void {
    if (this.busy > 0) this.busy -= milliseconds;
    else if (this.at !== null) this.at += milliseconds * this.rate * this.drift;
  }
  slip(milliseconds: number): void {
    if (this.at !== null) this.at += milliseconds;
  }
}

let now = 0;
let states: SyncState[] = [];
let skips: unknown[] = [];
let ends: number[] = [];
let group: SyncGroup;
let players: FakePlayer[] = [];

beforeEach(() => {
  now = 0;
  states = [];
  skips = [];
  ends = [];
  players = [];
  group = new SyncGroup(T, {
    now: () => now,
    onState: (state) => states.push(state),
    onSkip: (...skip) => skips.push(skip),
    onEnd: (instant) => ends.push(instant),
  });
});

function add(player: FakePlayer, due: (instant: number) => Due = ALWAYS): FakePlayer {
  players.push(player);
  group.add(`cameras/${players.length}`, player, due);
  return player;
}

function run(milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += TICK_MS) {
    now += TICK_MS;
    for (const player of players) player.run(TICK_MS);
    group.tick();
  }
}

function apart(): number {
  const instants = players.map((player) => player.instant() ?? NaN);
  return Math.max(...instants) - Math.min(...instants);
}

/** A gap in the footage of one camera, seconds after T. */
const gap =
  (from: number, to: number | null): ((instant: number) => Due) =>
  (instant) => {
    const inside = instant >= T + from * 1000 && (to === null || instant < T + to * 1000);
    return inside
      ? { kind: 'missing', cause: 'network', next: to === null ? null : T + to * 1000 }
      : { kind: 'recorded' };
  };

describe('players in step', () => {
  it('all begin when the slowest has its picture', () => {
    const quick = add(new FakePlayer(100));
    add(new FakePlayer(3000));
    run(2000);
    expect(quick.rate).toBe(0);
    expect(states.at(-1)).toMatchObject({ instant: T, waiting: true });
    run(5000);
    expect(states.at(-1)?.waiting).toBe(false);
    expect(states.at(-1)?.instant).toBeGreaterThan(T + 3000);
    expect(apart()).toBeLessThan(200);
  });

  it('are brought together again by nudges, without a seek', () => {
    add(new FakePlayer(100, 0.97));
    const other = add(new FakePlayer(100, 1.02));
    run(3000);
    other.slip(-300);
    run(20_000);
    expect(apart()).toBeLessThan(200);
    expect(players.every((player) => player.seeks.length === 1)).toBe(true);
    expect(states.at(-1)?.instant).toBeGreaterThan(T + 20_000);
  });

  it('jump when they are too far behind', () => {
    add(new FakePlayer(100));
    const late = add(new FakePlayer(100));
    run(5000);
    late.slip(-3000);
    run(3000);
    expect(late.seeks.length).toBe(2);
    expect(apart()).toBeLessThan(300);
  });

  it('stand where they are early, until the others come', () => {
    add(new FakePlayer(100));
    const early = add(new FakePlayer(100));
    run(2000);
    early.slip(2000);
    run(1000);
    expect(early.rate).toBe(0);
    run(3000);
    expect(early.seeks.length).toBe(1);
    expect(apart()).toBeLessThan(200);
  });

  it('do not wait for one that has failed', () => {
    add(new FakePlayer(100));
    add(new FakePlayer(60_000)).failed = true;
    run(2000);
    expect(group.instant).toBeGreaterThan(T + 1500);
  });

  it('do not wait for ever', () => {
    add(new FakePlayer(100));
    add(new FakePlayer(60_000));
    run(9000);
    expect(states.at(-1)?.instant).toBeGreaterThan(T + 2000);
  });

  it('go sixteen times as fast', () => {
    add(new FakePlayer(100));
    add(new FakePlayer(100, 0.98));
    group.setSpeed(16);
    run(5000);
    expect(players.map((player) => player.speed)).toEqual([16, 16]);
    expect(group.instant).toBeGreaterThan(T + 60_000);
    expect(apart()).toBeLessThan(16 * 200);
  });

  it('that failed at one speed are asked again at another', () => {
    add(new FakePlayer(100));
    const failed = add(new FakePlayer(100));
    run(1000);
    failed.failed = true;
    run(1000);
    expect(failed.seeks).toEqual([T]);
    group.setSpeed(2);
    failed.failed = false;
    run(2000);
    expect(failed.seeks[1]).toBeGreaterThan(T + 1000);
    expect(apart()).toBeLessThan(500);
  });

  it('stand together and go on together', () => {
    add(new FakePlayer(100));
    add(new FakePlayer(100));
    run(2000);
    group.pause();
    const at = group.instant;
    run(2000);
    expect(group.instant).toBe(at);
    group.play();
    run(1000);
    expect(group.instant).toBeLessThanOrEqual(at + 1100);
    expect(group.instant).toBeGreaterThan(at + 800);
  });
});

describe('gaps', () => {
  it('show in their tile while the others play on', () => {
    const whole = add(new FakePlayer(100));
    const holed = add(new FakePlayer(100), gap(3, 8));
    run(5000);
    expect(states.at(-1)?.missing.get('cameras/2')).toBe('network');
    expect(holed.rate).toBe(0);
    expect(whole.rate).toBe(1);
    run(5500);
    expect(states.at(-1)?.missing.size).toBe(0);
    expect(holed.seeks.at(-1)).toBeGreaterThanOrEqual(T + 8000);
    expect(apart()).toBeLessThan(200);
  });

  it('that all have are skipped', () => {
    add(new FakePlayer(100), gap(2, 3600));
    add(new FakePlayer(100), gap(1, 7200));
    run(6000);
    expect(skips).toEqual([[expect.any(Number), T + 3_600_000, 'network']]);
    expect(group.instant).toBeGreaterThan(T + 3_600_000);
  });

  it('that never end, end it all', () => {
    add(new FakePlayer(100), gap(2, null));
    run(6000);
    expect(ends).toHaveLength(1);
    group.seek(T);
    run(1000);
    expect(group.instant).toBeGreaterThan(T);
  });
});

describe('members', () => {
  it('join where the others are, and leave', () => {
    add(new FakePlayer(100));
    run(3000);
    const late = add(new FakePlayer(500));
    run(3000);
    expect(late.seeks[0]).toBeGreaterThan(T + 2000);
    expect(apart()).toBeLessThan(200);
    group.remove('cameras/2');
    expect(late.stopped).toBe(true);
  });

  it('come to the frame that the lead stepped to', () => {
    add(new FakePlayer(100));
    const other = add(new FakePlayer(100));
    run(1000);
    group.pause();
    group.follow('cameras/1', T + 40);
    expect(other.seeks.at(-1)).toBe(T + 40);
    expect(players[0]?.seeks.length).toBe(1);
  });
});
