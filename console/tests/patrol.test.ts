import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { groupsOf, Patrol, type PatrolView } from '../src/wall/patrol';

const PLAN = { groups: [['a', 'b'], ['c', 'd'], ['e']], seconds: 10 };

let views: PatrolView[];
let patrol: Patrol;

beforeEach(() => {
  vi.useFakeTimers();
  views = [];
  patrol = new Patrol(PLAN, (view) => views.push(view));
});

afterEach(() => {
  patrol.stop();
  vi.useRealTimers();
});

const now = () => views.at(-1);

describe('a patrol', () => {
  it('shows each group in turn, and the first again after the last', () => {
    const seen = [now()?.shown];
    for (let turn = 0; turn < 3; turn += 1) {
      vi.advanceTimersByTime(10_000);
      seen.push(now()?.shown);
    }
    expect(seen).toEqual([['a', 'b'], ['c', 'd'], ['e'], ['a', 'b']]);
  });

  it('makes the next group ready shortly before its turn, and not sooner', () => {
    vi.advanceTimersByTime(3000);
    expect(now()?.ready).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(now()).toMatchObject({ shown: ['a', 'b'], ready: ['c', 'd'] });
    vi.advanceTimersByTime(5000);
    expect(now()).toMatchObject({ shown: ['c', 'd'], ready: [] });
  });

  it('stands still while anybody holds it', () => {
    patrol.hold('pointer', true);
    patrol.hold('button', true);
    vi.advanceTimersByTime(60_000);
    patrol.hold('pointer', false);
    vi.advanceTimersByTime(60_000);
    expect(now()).toMatchObject({ index: 0, held: true });
    patrol.hold('button', false);
    vi.advanceTimersByTime(10_000);
    expect(now()).toMatchObject({ index: 1, held: false });
  });

  it('goes on and back at once when told, and counts anew from there', () => {
    vi.advanceTimersByTime(9000);
    patrol.step(-1);
    expect(now()?.shown).toEqual(['e']);
    vi.advanceTimersByTime(9000);
    expect(now()?.shown).toEqual(['e']);
    vi.advanceTimersByTime(1000);
    expect(now()?.shown).toEqual(['a', 'b']);
  });

  it('shows nothing more once it is stopped', () => {
    patrol.stop();
    const before = views.length;
    vi.advanceTimersByTime(60_000);
    expect(views).toHaveLength(before);
  });
});

describe('the groups of a patrol', () => {
  it('fill the wall, and show a camera once', () => {
    expect(groupsOf(['a', 'b', 'a', 'c', 'd', 'e'], 4)).toEqual([['a', 'b', 'c', 'd'], ['e']]);
    expect(groupsOf([], 4)).toEqual([]);
  });
});
