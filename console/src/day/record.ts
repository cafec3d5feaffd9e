import { GAP_CAUSES, type GapCause, type TimelineAnswer } from '../api/types';
import type { Range } from '../api/tickets';

export interface Gap extends Range {
  cause: GapCause;
  /** It goes on; `end` is then now. */
  open: boolean;
}

/** What is recorded of one day and what is not, epoch milliseconds, in order, clipped to the day. */
export interface DayRecord {
  spans: Range[];
  gaps: Gap[];
}

export const NO_RECORD: DayRecord = { spans: [], gaps: [] };

/** An answer is asked for anew every five seconds. */
const ANSWER_AGE_MS = 10_000;

/** Gaps in which nothing was due, or is due to be there still: they do not count against the camera. */
const NOT_DUE: readonly GapCause[] = ['disabled', 'schedule', 'expired'];

export function readTimeline(answer: TimelineAnswer, day: Range, now: number): DayRecord {
  const end = Math.min(day.end, now);
  const spans = (answer.spans ?? [])
    .map((span) => clip({ start: Date.parse(span.start), end: Date.parse(span.end) }, day.start, end))
    .filter((span) => span.end > span.start);
  const gaps = (answer.gaps ?? [])
    .map((gap): Gap => {
      // The server lets a gap that goes on end when it answers.
      const ended = gap.end ? Date.parse(gap.end) : now;
      const open = ended >= now - ANSWER_AGE_MS && !spans.some((span) => span.end > ended);
      const range = clip({ start: Date.parse(gap.start), end: ended }, day.start, end);
      return { ...range, cause: causeOf(gap.cause), open };
    })
    .filter((gap) => gap.end > gap.start);
  return { spans: merge(spans), gaps: gaps.sort((a, b) => a.start - b.start) };
}

function causeOf(text: string): GapCause {
  return GAP_CAUSES.find((cause) => cause === text) ?? 'unknown';
}

function clip(range: Range, start: number, end: number): Range {
  return { start: Math.max(range.start, start), end: Math.min(range.end, end) };
}

/** Spans that touch, or overlap after a change of worker, become one. */
export function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else merged.push({ ...range });
  }
  return merged;
}

export interface DaySummary {
  recorded: number;
  /** What was due and is not there. */
  missing: number;
  /** Recorded of due, 0 to 1; null when nothing was due. */
  ratio: number | null;
}

/** Lengths in milliseconds. */
export function summarise({ spans, gaps }: DayRecord): DaySummary {
  const recorded = total(spans);
  const missing = total(gaps.filter((gap) => !NOT_DUE.includes(gap.cause)));
  const due = recorded + missing;
  return { recorded, missing, ratio: due === 0 ? null : recorded / due };
}

function total(ranges: readonly Range[]): number {
  return ranges.reduce((sum, range) => sum + range.end - range.start, 0);
}

export type Found =
  | { kind: 'recorded'; instant: number }
  /** Nothing at the instant itself; `instant` is the first picture after it. */
  | { kind: 'later'; instant: number; cause: GapCause }
  | { kind: 'none' };

/** Where playing has to begin for someone who asks for `instant`. */
export function findFootage({ spans, gaps }: DayRecord, instant: number): Found {
  const span = spans.find((each) => each.end > instant);
  if (span === undefined) return { kind: 'none' };
  if (span.start <= instant) return { kind: 'recorded', instant };
  const cause = gaps.find((gap) => gap.start <= instant && instant < gap.end)?.cause ?? 'unknown';
  return { kind: 'later', instant: span.start, cause };
}

export function gapAt({ gaps }: DayRecord, instant: number): Gap | null {
  return gaps.find((gap) => gap.start <= instant && instant < gap.end) ?? null;
}

export function isRecorded({ spans }: DayRecord, instant: number): boolean {
  return spans.some((span) => span.start <= instant && instant < span.end);
}

/** Of cameras looked at together: footage where any has some, gaps by the first's account. */
export function unionOf(records: readonly DayRecord[]): DayRecord {
  return { spans: merge(records.flatMap((record) => record.spans)), gaps: records[0]?.gaps ?? [] };
}
