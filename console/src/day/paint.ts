import { clockOf } from '../i18n/zone';
import type { Range } from '../api/tickets';
import { CAUSE_COLOURS, RECORDED_COLOUR } from './causes';
import type { DayRecord } from './record';
import { ticks, toX, type View } from './scale';

export const TIMELINE_HEIGHT = 84;
const BAND_TOP = 32;
const BAND_HEIGHT = 38;
const LABEL_WIDTH = 76;

export interface Painting {
  view: View;
  day: Range;
  record: DayRecord;
  now: number;
  /** The picture shown, null when nothing plays. */
  instant: number | null;
  hover: number | null;
  nowLabel: string;
}

/** Draws the timeline; `width` in CSS pixels, the context already scaled to them. */
export function paint(context: CanvasRenderingContext2D, width: number, painting: Painting): void {
  const { view, day, record, now, instant, hover } = painting;
  context.clearRect(0, 0, width, TIMELINE_HEIGHT);
  const x = (at: number) => toX(view, at, width);
  const band = (range: Range, fill: string | CanvasPattern, least = 0) => {
    const left = x(range.start);
    const right = Math.max(x(range.end), left + least);
    if (right < 0 || left > width) return;
    context.fillStyle = fill;
    context.fillRect(Math.max(left, 0), BAND_TOP, Math.min(right, width) - Math.max(left, 0), BAND_HEIGHT);
  };

  band(day, '#0c1a2f');
  for (const span of record.spans) band(span, RECORDED_COLOUR, 1);
  // A gap of a second must be seen on a whole day too.
  for (const gap of record.gaps) band(gap, CAUSE_COLOURS[gap.cause], 2);
  if (now < day.end) {
    band({ start: Math.max(now, day.start), end: day.end }, '#081222');
    hatch(context, x(Math.max(now, day.start)), width);
  }
  sheen(context, width);
  ruler(context, width, painting);

  if (hover !== null) line(context, x(hover), 'rgba(233, 242, 251, 0.55)', 1);
  if (now >= view.start && now <= view.end && now < day.end)
    marker(context, x(now), width, painting.nowLabel);
  if (instant !== null && instant >= view.start && instant <= view.end) playhead(context, x(instant));
}

function ruler(context: CanvasRenderingContext2D, width: number, { view, day }: Painting): void {
  context.font = '12px "Segoe UI", "Noto Sans CJK SC", system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  const seconds = view.end - view.start < 15 * 60_000;
  for (const tick of ticks(view, day, width, LABEL_WIDTH)) {
    const at = Math.round(toX(view, tick.instant, width)) + 0.5;
    context.strokeStyle = tick.major ? '#4d6d99' : '#24405f';
    context.beginPath();
    context.moveTo(at, tick.major ? 21 : 26);
    context.lineTo(at, BAND_TOP - 2);
    context.stroke();
    if (!tick.major) continue;
    context.fillStyle = '#9db4d0';
    const label = tick.instant === day.end ? '24:00' : clockOf(tick.instant).slice(0, seconds ? 8 : 5);
    context.fillText(label, Math.min(Math.max(at, 22), width - 22), 15);
  }
}

function hatch(context: CanvasRenderingContext2D, from: number, width: number): void {
  const left = Math.max(from, 0);
  if (left >= width) return;
  context.save();
  context.beginPath();
  context.rect(left, BAND_TOP, width - left, BAND_HEIGHT);
  context.clip();
  context.strokeStyle = '#12233d';
  context.lineWidth = 2;
  context.beginPath();
  for (let at = Math.floor(left / 10) * 10 - BAND_HEIGHT; at < width; at += 10) {
    context.moveTo(at, BAND_TOP + BAND_HEIGHT);
    context.lineTo(at + BAND_HEIGHT, BAND_TOP);
  }
  context.stroke();
  context.restore();
}

function sheen(context: CanvasRenderingContext2D, width: number): void {
  const gradient = context.createLinearGradient(0, BAND_TOP, 0, BAND_TOP + BAND_HEIGHT);
  gradient.addColorStop(0, 'rgba(255, 255, 255, 0.12)');
  gradient.addColorStop(0.5, 'rgba(255, 255, 255, 0)');
  gradient.addColorStop(1, 'rgba(0, 0, 0, 0.18)');
  context.fillStyle = gradient;
  context.fillRect(0, BAND_TOP, width, BAND_HEIGHT);
}

function line(context: CanvasRenderingContext2D, at: number, colour: string, thickness: number): void {
  context.fillStyle = colour;
  context.fillRect(Math.round(at) - Math.floor(thickness / 2), BAND_TOP - 8, thickness, BAND_HEIGHT + 14);
}

function marker(context: CanvasRenderingContext2D, at: number, width: number, label: string): void {
  line(context, at, '#ff4d5e', 1);
  context.fillStyle = '#ff8591';
  context.textAlign = at > width - 40 ? 'right' : 'left';
  context.fillText(label, at > width - 40 ? at - 4 : at + 4, BAND_TOP + BAND_HEIGHT + 12);
}

function playhead(context: CanvasRenderingContext2D, at: number): void {
  line(context, at, '#ffffff', 2);
  context.fillStyle = '#ffffff';
  context.beginPath();
  context.moveTo(at - 7, BAND_TOP - 10);
  context.lineTo(at + 7, BAND_TOP - 10);
  context.lineTo(at, BAND_TOP);
  context.closePath();
  context.fill();
}
