import { describe, expect, it } from 'vitest';
import { endOfGap, instantAt, positionOf, type DatedFragment } from '../src/player/wallclock';

const T = Date.parse('2025-11-22T08:00:00Z');

/** Two fragments of 6 s, a hole of 60 s that the playlist leaves out, one fragment more. */
const compressed: DatedFragment[] = [
  { start: 0, duration: 6, programDateTime: T },
  { start: 6, duration: 6, programDateTime: T + 6000 },
  { start: 12, duration: 6, programDateTime: T + 72_000 },
];

/** The same footage with the hole shown as EXT-X-GAP. */
const shown: DatedFragment[] = [
  { start: 0, duration: 12, programDateTime: T },
  { start: 12, duration: 30, programDateTime: T + 12_000, gap: true },
  { start: 42, duration: 30, programDateTime: T + 42_000, gap: true },
  { start: 72, duration: 6, programDateTime: T + 72_000 },
];

describe('wall time of a media position', () => {
  it('is the date of its fragment plus the way into it', () => {
    expect(instantAt(compressed, 7.5)).toBe(T + 7500);
  });

  it('jumps where the playlist leaves a hole out', () => {
    expect(instantAt(compressed, 11.9)).toBe(T + 11_900);
    expect(instantAt(compressed, 12.1)).toBe(T + 72_100);
  });

  it('is unknown without any date', () => {
    expect(instantAt([{ start: 0, duration: 6, programDateTime: null }], 1)).toBeNull();
    expect(instantAt([], 1)).toBeNull();
  });
});

describe('media position of an instant', () => {
  it('is the inverse of the wall time', () => {
    for (const position of [0, 5.9, 6, 12, 17.5]) {
      expect(positionOf(compressed, instantAt(compressed, position) ?? NaN)).toBeCloseTo(position, 3);
    }
  });

  it('is the first picture after a hole that was left out', () => {
    expect(positionOf(compressed, T + 40_000)).toBe(12);
  });

  it('lies inside a gap that is shown', () => {
    expect(positionOf(shown, T + 40_000)).toBe(40);
  });

  it('does not exist before the first picture and after the last', () => {
    expect(positionOf(compressed, T - 1)).toBeNull();
    expect(positionOf(compressed, T + 78_000)).toBeNull();
  });
});

describe('the end of a gap', () => {
  it('is where footage goes on, over all gap fragments in a row', () => {
    expect(endOfGap(shown, 12)).toBe(72);
    expect(endOfGap(shown, 50)).toBe(72);
  });

  it('does not exist within footage', () => {
    expect(endOfGap(shown, 11)).toBeNull();
    expect(endOfGap(shown, 72.5)).toBeNull();
  });

  it('is never when nothing follows', () => {
    expect(endOfGap(shown.slice(0, 3), 30)).toBe(Infinity);
  });
});
