import { loadMedia } from '../api/media';
import type { Range, TicketOffice } from '../api/tickets';
import { boundsOf, dateOf } from '../i18n/zone';
import { framesOf, thinned, trackFor, type Frame } from './track';

export interface LapseWish extends Range {
  /** Milliseconds between pictures. */
  every: number;
}

/** Every picture of a range, oldest first. A ticket opens a day, so each day is asked for by itself. */
export async function loadFrames(
  wish: LapseWish,
  officeOf: (day: Range) => TicketOffice,
  signal: AbortSignal,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (const part of byDay(wish)) {
    const base = await officeOf(part.day).pictures(part.range);
    const query = new URLSearchParams({ start: rfc3339(part.range.start), end: rfc3339(part.range.end) });
    const answer = await loadMedia(`${base}/${trackFor(wish.every)}?${query.toString()}`, signal);
    frames.push(...framesOf(await answer.text(), part.range.start, base));
  }
  return thinned(frames, wish.every);
}

/** The days that a range touches, and what it has of each. */
export function byDay({ start, end }: Range): { day: Range; range: Range }[] {
  const parts: { day: Range; range: Range }[] = [];
  for (let from = start; from < end;) {
    const day = boundsOf(dateOf(from));
    const until = Math.min(day.end, end);
    parts.push({ day, range: { start: from, end: until } });
    from = until;
  }
  return parts;
}

function rfc3339(instant: number): string {
  return new Date(instant).toISOString();
}
