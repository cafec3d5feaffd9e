import type { CameraState, CameraStatus, GapCause, HoldsAnswer } from '../api/types';
import type { Range } from '../api/tickets';
import { NO_RECORD, type DayRecord } from './record';

export interface Hold extends Range {
  name: string;
  caseNumber: string;
}

/** A change of the camera's state. */
export interface Happening {
  at: number;
  state: CameraState;
  reason: string;
}

/** One camera's row of the timeline. */
export interface Lane {
  /** "cameras/{id}" */
  camera: string;
  title: string;
  phase: 'loading' | 'ready' | 'failed' | 'denied';
  record: DayRecord;
  holds: Hold[];
  happenings: Happening[];
}

export function emptyLane(camera: string, title: string): Lane {
  return { camera, title, phase: 'loading', record: NO_RECORD, holds: [], happenings: [] };
}

/** Holds that keep something of the day. */
export function readHolds(answer: HoldsAnswer, day: Range): Hold[] {
  return (answer.holds ?? [])
    .map((hold) => ({
      name: hold.name,
      caseNumber: hold.case_number,
      start: Math.max(Date.parse(hold.start), day.start),
      end: Math.min(Date.parse(hold.end), day.end),
    }))
    .filter((hold) => hold.end > hold.start);
}

export function readHappenings(status: CameraStatus, day: Range): Happening[] {
  return (status.changes ?? [])
    .map(({ time, state, reason }) => ({ at: Date.parse(time), state, reason }))
    .filter(({ at }) => at >= day.start && at < day.end)
    .sort((a, b) => a.at - b.at);
}

/** Where gaps begin and states change, in order: what a person steps through. */
export function marksOf(lanes: readonly Lane[]): number[] {
  const marks = lanes.flatMap((lane) => [
    ...lane.record.gaps.map((gap) => gap.start),
    ...lane.happenings.map((happening) => happening.at),
  ]);
  return [...new Set(marks)].sort((a, b) => a - b);
}

/** Marks this close to the instant are where a person is already, ms. */
const HERE_MS = 1_500;

/** The mark before or after an instant; null when there is none. */
export function markBeside(marks: readonly number[], instant: number, direction: -1 | 1): number | null {
  const beside =
    direction > 0
      ? marks.find((mark) => mark > instant + HERE_MS)
      : marks.findLast((mark) => mark < instant - HERE_MS);
  return beside ?? null;
}

export type Footage =
  | { kind: 'recorded' }
  /** `next`: where footage goes on, null when it does not. */
  | { kind: 'missing'; cause: GapCause; next: number | null };

export function footageAt({ spans, gaps }: DayRecord, instant: number): Footage {
  const span = spans.find((each) => each.end > instant);
  if (span !== undefined && span.start <= instant) return { kind: 'recorded' };
  const cause = gaps.find((gap) => gap.start <= instant && instant < gap.end)?.cause ?? 'unknown';
  return { kind: 'missing', cause, next: span?.start ?? null };
}
