import type { Range } from '../api/tickets';
import { clockOf } from '../i18n/zone';

/** The stretch of a day that the timeline shows, epoch milliseconds. */
export type View = Range;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const SHORTEST_VIEW = 10_000;
/** All but those of hours divide every offset of a zone from UTC. */
const STEPS = [
  500,
  1_000,
  2_000,
  5_000,
  10_000,
  30_000,
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
];

export function toX(view: View, instant: number, width: number): number {
  return ((instant - view.start) / (view.end - view.start)) * width;
}

export function toInstant(view: View, x: number, width: number): number {
  return view.start + (x / width) * (view.end - view.start);
}

/** Lengthens (`factor` > 1) or shortens the view around `anchor`, which keeps its place on screen. */
export function zoom(view: View, factor: number, anchor: number, day: Range): View {
  const longest = day.end - day.start;
  const length = view.end - view.start;
  const wanted = Math.min(Math.max(length * factor, SHORTEST_VIEW), longest);
  const share = (anchor - view.start) / length;
  const start = anchor - share * wanted;
  return inside({ start, end: start + wanted }, day);
}

export function pan(view: View, by: number, day: Range): View {
  return inside({ start: view.start + by, end: view.end + by }, day);
}

/** A view of `length` around an instant. */
export function around(instant: number, length: number, day: Range): View {
  return inside({ start: instant - length / 2, end: instant + length / 2 }, day);
}

function inside(view: View, day: Range): View {
  const length = Math.min(view.end - view.start, day.end - day.start);
  const start = Math.min(Math.max(view.start, day.start), day.end - length);
  return { start, end: start + length };
}

/** Moves the view just enough to show an instant, with some room ahead of it. */
export function follow(view: View, instant: number, day: Range): View {
  if (instant >= view.start && instant <= view.end) return view;
  const length = view.end - view.start;
  return inside({ start: instant - length * 0.1, end: instant + length * 0.9 }, day);
}

/**
 * The whole day, except for one whose footage began a short while ago: there a whole day would show a hair's
 * breadth, so the view begins with the footage and is at least ten minutes long.
 */
export function initialView(spans: readonly Range[], day: Range, now: number): View {
  const first = spans[0];
  const isToday = now >= day.start && now < day.end;
  if (!isToday || first === undefined || now - first.start > 6 * HOUR) return { ...day };
  const length = Math.max((now - first.start) * 1.15, 10 * MINUTE);
  return inside({ start: now + length * 0.08 - length, end: now + length * 0.08 }, day);
}

export interface Tick {
  instant: number;
  /** Carries a label. */
  major: boolean;
}

/**
 * Ticks at round times of the wall clock, labels at least `labelWidth` pixels apart. On a day whose offset changes an
 * hour is missing or comes twice, as it does on the wall.
 */
export function ticks(view: View, day: Range, width: number, labelWidth: number, zone?: string): Tick[] {
  const perPixel = (view.end - view.start) / width;
  const major = STEPS.find((step) => step / perPixel >= labelWidth) ?? 6 * HOUR;
  const minor = STEPS.find((step) => major % step === 0 && step / perPixel >= 7) ?? major;
  const stride = Math.min(minor, HOUR / 2);
  const result: Tick[] = [];
  let labelled = -Infinity;
  const first = day.start + Math.ceil((view.start - day.start) / stride) * stride;
  for (let instant = first; instant <= view.end; instant += stride) {
    if (!isRound(instant, minor, day, zone)) continue;
    const label = isRound(instant, major, day, zone) && instant - labelled >= labelWidth * perPixel;
    if (label) labelled = instant;
    result.push({ instant, major: label });
  }
  return result;
}

function isRound(instant: number, step: number, day: Range, zone: string | undefined): boolean {
  if (step <= HOUR / 2) return (instant - day.start) % step === 0;
  const [hours, minutes] = clockOf(instant, zone).split(':').map(Number) as [number, number];
  return minutes === 0 && (hours * HOUR) % step === 0;
}
