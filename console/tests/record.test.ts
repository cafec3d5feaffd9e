import { describe, expect, it } from 'vitest';
import { findFootage, gapAt, merge, readTimeline, summarise } from '../src/day/record';

const HOUR = 3_600_000;
const start = Date.parse('2025-11-21T16:00:00Z');
const day = { start, end: start + 24 * HOUR };
const at = (hours: number) => new Date(start + hours * HOUR).toISOString();

describe('reading a timeline', () => {
  it('clips to the day, joins spans that touch and keeps order', () => {
    const record = readTimeline(
      {
        spans: [
          { start: at(2), end: at(3) },
          { start: at(-1), end: at(1) },
          { start: at(1), end: at(2) },
          { start: at(23), end: at(25) },
        ],
        gaps: [{ start: at(3), end: at(23), cause: 'network' }],
      },
      day,
      day.end + HOUR,
    );
    expect(record.spans).toEqual([
      { start, end: start + 3 * HOUR },
      { start: start + 23 * HOUR, end: day.end },
    ]);
    expect(record.gaps).toHaveLength(1);
  });

  it('lets a gap that goes on end now', () => {
    const now = start + 5 * HOUR;
    const { gaps } = readTimeline({ gaps: [{ start: at(4), end: null, cause: 'auth_failed' }] }, day, now);
    expect(gaps).toEqual([{ start: start + 4 * HOUR, end: now, cause: 'auth_failed', open: true }]);
  });

  it('says of a gap that ended with the answer that it goes on, but not beside footage', () => {
    const now = start + 5 * HOUR;
    const until = new Date(now - 4000).toISOString();
    const gap = { start: at(4), end: until, cause: 'camera_offline' };
    expect(readTimeline({ gaps: [gap] }, day, now).gaps[0]?.open).toBe(true);
    const back = { start: until, end: new Date(now).toISOString() };
    expect(readTimeline({ gaps: [gap], spans: [back] }, day, now).gaps[0]?.open).toBe(false);
    expect(readTimeline({ gaps: [gap] }, day, now + HOUR).gaps[0]?.open).toBe(false);
  });

  it('calls a cause it has never heard of unknown', () => {
    const { gaps } = readTimeline({ gaps: [{ start: at(1), end: at(2), cause: 'meteorite' }] }, day, day.end);
    expect(gaps[0]?.cause).toBe('unknown');
  });

  it('is empty for an answer without members', () => {
    expect(readTimeline({}, day, day.end)).toEqual({ spans: [], gaps: [] });
  });
});

describe('merging', () => {
  it('does not change what it is given', () => {
    const given = [
      { start: 0, end: 5 },
      { start: 3, end: 9 },
    ];
    expect(merge(given)).toEqual([{ start: 0, end: 9 }]);
    expect(given[0]).toEqual({ start: 0, end: 5 });
  });
});

describe('the summary', () => {
  it('counts against a camera only what was due', () => {
    const record = {
      spans: [{ start: 0, end: 9 * HOUR }],
      gaps: [
        { start: 9 * HOUR, end: 10 * HOUR, cause: 'network' as const, open: false },
        { start: 10 * HOUR, end: 20 * HOUR, cause: 'schedule' as const, open: false },
        { start: 20 * HOUR, end: 24 * HOUR, cause: 'disabled' as const, open: false },
      ],
    };
    expect(summarise(record)).toEqual({ recorded: 9 * HOUR, missing: HOUR, ratio: 0.9 });
  });

  it('has no ratio when nothing was due', () => {
    expect(summarise({ spans: [], gaps: [] }).ratio).toBeNull();
  });
});

describe('finding footage', () => {
  const record = {
    spans: [
      { start: 100, end: 200 },
      { start: 300, end: 400 },
    ],
    gaps: [{ start: 200, end: 300, cause: 'camera_offline' as const, open: false }],
  };

  it('is the instant itself when it is recorded', () => {
    expect(findFootage(record, 100)).toEqual({ kind: 'recorded', instant: 100 });
  });

  it('is the first picture after a gap, with the cause', () => {
    expect(findFootage(record, 200)).toEqual({ kind: 'later', instant: 300, cause: 'camera_offline' });
    expect(findFootage(record, 50)).toEqual({ kind: 'later', instant: 100, cause: 'unknown' });
  });

  it('is nothing after the last span', () => {
    expect(findFootage(record, 400)).toEqual({ kind: 'none' });
  });

  it('knows the gap under the pointer', () => {
    expect(gapAt(record, 299)?.cause).toBe('camera_offline');
    expect(gapAt(record, 300)).toBeNull();
  });
});
