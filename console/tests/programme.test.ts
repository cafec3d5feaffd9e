import { describe, expect, it } from 'vitest';
import { choose, stretchFrom, STRETCH_MS } from '../src/day/programme';

const HOUR = 3_600_000;
const day = { start: 0, end: 24 * HOUR };
const now = 12 * HOUR;
const record = {
  spans: [
    { start: 1 * HOUR, end: 5 * HOUR },
    { start: 6 * HOUR, end: now - 8000 },
  ],
  gaps: [{ start: 5 * HOUR, end: 6 * HOUR, cause: 'network' as const, open: false }],
};

describe('what plays when a person points at an instant', () => {
  it('is what was recorded then', () => {
    expect(choose(2 * HOUR, record, day, now)).toEqual({
      kind: 'recorded',
      instant: 2 * HOUR,
      skipped: null,
    });
  });

  it('comes in playlists of an hour that never reach beyond now or the day', () => {
    expect(stretchFrom(2 * HOUR, day, now)).toEqual({ start: 2 * HOUR, end: 2 * HOUR + STRETCH_MS });
    expect(stretchFrom(now - HOUR / 2, day, now).end).toBe(now);
    expect(stretchFrom(day.end - HOUR / 2, day, day.end + 5 * HOUR).end).toBe(day.end);
  });

  it('begins after a gap and says why', () => {
    expect(choose(5.5 * HOUR, record, day, now)).toMatchObject({
      kind: 'recorded',
      instant: 6 * HOUR,
      skipped: 'network',
    });
  });

  it('is live at the edge, and in the seconds that the timeline has not told yet', () => {
    expect(choose(now - 1000, record, day, now)).toEqual({ kind: 'live' });
    expect(choose(now - 6000, record, day, now)).toEqual({ kind: 'live' });
  });

  it('is nothing in the future and after the last footage of a past day', () => {
    expect(choose(now + HOUR, record, day, now)).toEqual({ kind: 'nothing', why: 'future' });
    expect(choose(13 * HOUR, record, day, day.end + HOUR)).toEqual({ kind: 'nothing', why: 'nothingAfter' });
  });
});
