import type { Range } from '../api/tickets';
import type { GapCause } from '../api/types';
import { findFootage, type DayRecord } from './record';

export type Choice =
  | { kind: 'live' }
  /** `skipped` says why it does not begin where it was asked to. */
  | { kind: 'recorded'; instant: number; skipped: GapCause | null }
  | { kind: 'nothing'; why: 'future' | 'nothingAfter' };

/** How much of a day one playlist holds, ms. */
export const STRETCH_MS = 3_600_000;
/** Closer to now than this, live is what is meant: a playlist of the past would end at once. */
const EDGE_MS = 5_000;
/** The timeline is read every few seconds, so the newest footage may not be in it yet. */
const UNSEEN_MS = 60_000;

/** What to play for someone who asks for `instant` of a day. All in epoch milliseconds. */
export function choose(instant: number, record: DayRecord, day: Range, now: number): Choice {
  const isToday = now >= day.start && now < day.end;
  if (isToday && instant > now - EDGE_MS && instant < now + EDGE_MS) return { kind: 'live' };
  if (instant > now) return { kind: 'nothing', why: 'future' };
  const found = findFootage(record, instant);
  if (found.kind === 'none') {
    if (isToday && now - instant < UNSEEN_MS) return { kind: 'live' };
    return { kind: 'nothing', why: 'nothingAfter' };
  }
  return { kind: 'recorded', instant: found.instant, skipped: found.kind === 'later' ? found.cause : null };
}

/** What the playlist holds that begins with an instant: nothing of the next day, and nothing to come. */
export function stretchFrom(instant: number, day: Range, now: number): Range {
  return { start: instant, end: Math.max(Math.min(instant + STRETCH_MS, day.end, now), instant + 1000) };
}
