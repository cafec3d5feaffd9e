import { describe, expect, it } from 'vitest';
import { emptyLane, footageAt, markBeside, marksOf, readHappenings, readHolds } from '../src/day/lane';
import { heightOf, laneAt } from '../src/day/paint';

const T = Date.parse('2025-11-22T08:00:00Z');
const HOUR = 3_600_000;
const day = { start: T, end: T + 24 * HOUR };
const at = (offset: number) => new Date(T + offset).toISOString();
const record = {
  spans: [
    { start: T, end: T + HOUR },
    { start: T + 2 * HOUR, end: T + 3 * HOUR },
  ],
  gaps: [{ start: T + HOUR, end: T + 2 * HOUR, cause: 'network' as const, open: false }],
};

describe('holds and changes of state', () => {
  it('are those of the day', () => {
    const hold = { name: 'holds/1', case_number: 'A-7', start: at(-HOUR), end: at(HOUR) };
    const past = { ...hold, name: 'holds/2', end: at(-1000) };
    expect(readHolds({ holds: [hold, past] }, day)).toEqual([
      { name: 'holds/1', caseNumber: 'A-7', start: T, end: T + HOUR },
    ]);
    const changes = [
      { time: at(HOUR), state: 'ONLINE' as const, reason: '' },
      { time: at(1000), state: 'OFFLINE' as const, reason: 'camera.timeout' },
      { time: at(-1000), state: 'ONLINE' as const, reason: '' },
    ];
    const status = { state: 'ONLINE' as const, state_reason: '', changes };
    expect(readHappenings(status, day).map(({ state }) => state)).toEqual(['OFFLINE', 'ONLINE']);
  });

  it('are stepped through together with gaps', () => {
    const happenings = [{ at: T + 500_000, state: 'OFFLINE' as const, reason: '' }];
    const marks = marksOf([{ ...emptyLane('cameras/a', 'a'), record, happenings }]);
    expect(marks).toEqual([T + 500_000, T + HOUR]);
    expect(markBeside(marks, T, 1)).toBe(T + 500_000);
    expect(markBeside(marks, T + 500_900, 1)).toBe(T + HOUR);
    expect(markBeside(marks, T + HOUR + 500, -1)).toBe(T + 500_000);
    expect(markBeside(marks, T, -1)).toBeNull();
  });
});

describe('footage at an instant', () => {
  it('is there, or comes later, or never', () => {
    expect(footageAt(record, T)).toEqual({ kind: 'recorded' });
    expect(footageAt(record, T + HOUR)).toEqual({ kind: 'missing', cause: 'network', next: T + 2 * HOUR });
    expect(footageAt(record, T + 3 * HOUR)).toEqual({ kind: 'missing', cause: 'unknown', next: null });
  });
});

describe('rows', () => {
  it('of four cameras lie below each other', () => {
    expect([40, 70, 105, 140].map((y) => laneAt(y, 4))).toEqual([0, 1, 2, 3]);
    expect(laneAt(heightOf(4) + 50, 4)).toBe(3);
    expect(laneAt(5, 1)).toBe(0);
  });
});
