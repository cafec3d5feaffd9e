import { describe, expect, it } from 'vitest';
import { paceOf, WANTED_S } from '../src/player/edge';

describe('the pace of a live picture', () => {
  it('is its own near the edge', () => {
    expect(paceOf(0.2, 1)).toEqual({ kind: 'rate', rate: 1 });
    expect(paceOf(1.3, 1)).toEqual({ kind: 'rate', rate: 1 });
  });

  it('is raised when it is behind, up to a fifth, and never more', () => {
    expect(paceOf(1.5, 1)).toEqual({ kind: 'rate', rate: 1.05 });
    for (const distance of [1.9, 3, 3.9]) {
      expect(paceOf(distance, 1)).toEqual({ kind: 'rate', rate: 1.2 });
    }
  });

  it('once raised is kept until the wanted distance is reached', () => {
    expect(paceOf(WANTED_S + 0.1, 1.2)).toEqual({ kind: 'rate', rate: 1.2 });
    expect(paceOf(WANTED_S, 1.2)).toEqual({ kind: 'rate', rate: 1 });
  });

  it('leaps where no pace would do', () => {
    expect(paceOf(4.1, 1)).toEqual({ kind: 'jump' });
  });

  it('brings a picture 4 s behind back within half a minute', () => {
    let distance = 4;
    let rate = 1;
    for (let second = 0; second < 30; second += 1) {
      const pace = paceOf(distance, rate);
      rate = pace.kind === 'rate' ? pace.rate : NaN;
      distance -= rate - 1;
    }
    expect(distance).toBeLessThan(1);
  });
});
