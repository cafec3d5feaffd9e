import type { Range } from '../api/tickets';
import type { CameraState } from '../api/types';
import { clockOf } from '../i18n/zone';
import { CAUSE_COLOURS, HOLD_COLOUR, RECORDED_COLOUR, STATE_COLOURS } from './causes';
import type { Lane } from './lane';
import { ticks, toX, type View } from './scale';

const RULER = 32;
const SINGLE_BAND = 34;
const BAND = 18;
const HOLDS = 5;
const HAPPENINGS = 9;
const BETWEEN = 4;
const FOOT = 16;
const LABEL_WIDTH = 76;
export const FONT = '12px "Segoe UI", "Noto Sans CJK SC", system-ui, sans-serif';

export interface Painting {
  view: View;
  day: Range;
  lanes: readonly Lane[];
  now: number;
  /** The picture shown, null when nothing plays. */
  instant: number | null;
  hover: number | null;
  nowLabel: string;
}

/** A camera's rows, px from the top: holds above what is recorded, changes of state below. */
interface Rows {
  holds: number;
  band: number;
  height: number;
  happenings: number;
}

/** The height of the ruler, where a drag moves the view and not the playhead, px. */
export const RULER_HEIGHT = RULER;

export function heightOf(lanes: number): number {
  return rowsOf(lanes, lanes).holds + FOOT;
}

function rowsOf(lane: number, lanes: number): Rows {
  const height = lanes > 1 ? BAND : SINGLE_BAND;
  const holds = RULER + lane * (HOLDS + height + HAPPENINGS + BETWEEN);
  return { holds, band: holds + HOLDS, height, happenings: holds + HOLDS + height + 1 };
}

/** Draws the timeline; `width` in pixels of the design, the context already scaled to them. */
export function paint(context: CanvasRenderingContext2D, width: number, painting: Painting): void {
  const { view, lanes, day, now, instant, hover } = painting;
  const height = heightOf(lanes.length);
  context.clearRect(0, 0, width, height);
  context.font = FONT;
  lanes.forEach((lane, index) => paintLane(context, width, painting, lane, rowsOf(index, lanes.length)));
  ruler(context, width, painting);
  const line = (at: number, colour: string, thickness: number) => {
    context.fillStyle = colour;
    const left = Math.round(toX(view, at, width)) - Math.floor(thickness / 2);
    context.fillRect(left, RULER - 8, thickness, height - FOOT - RULER + 12);
  };
  if (hover !== null) line(hover, 'rgba(233, 242, 251, 0.55)', 1);
  if (now >= view.start && now <= view.end && now < day.end) {
    line(now, '#ff4d5e', 1);
    nowMark(context, toX(view, now, width), width, height, painting.nowLabel);
  }
  if (instant === null || instant < view.start || instant > view.end) return;
  line(instant, '#ffffff', 2);
  playhead(context, toX(view, instant, width));
}

function paintLane(
  context: CanvasRenderingContext2D,
  width: number,
  { view, day, lanes, now }: Painting,
  lane: Lane,
  rows: Rows,
): void {
  const bar = (range: Range, fill: string, top: number, height: number, least = 0) => {
    const left = toX(view, range.start, width);
    const right = Math.max(toX(view, range.end, width), left + least);
    if (right < 0 || left > width) return;
    context.fillStyle = fill;
    context.fillRect(Math.max(left, 0), top, Math.min(right, width) - Math.max(left, 0), height);
  };
  bar(day, '#0c1a2f', rows.band, rows.height);
  for (const span of lane.record.spans) bar(span, RECORDED_COLOUR, rows.band, rows.height, 1);
  // A gap of a second must be seen on a whole day too.
  for (const gap of lane.record.gaps) bar(gap, CAUSE_COLOURS[gap.cause], rows.band, rows.height, 2);
  for (const hold of lane.holds) bar(hold, HOLD_COLOUR, rows.holds, HOLDS - 2, 3);
  if (now < day.end) {
    const from = Math.max(now, day.start);
    bar({ start: from, end: day.end }, '#081222', rows.band, rows.height);
    hatch(context, toX(view, from, width), width, rows);
  }
  sheen(context, width, rows);
  for (const { at, state } of lane.happenings) {
    if (at >= view.start && at <= view.end) diamond(context, toX(view, at, width), rows.happenings, state);
  }
  if (lanes.length > 1) title(context, lane.title, width, rows);
}

function title(context: CanvasRenderingContext2D, text: string, width: number, rows: Rows): void {
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const length = Math.min(context.measureText(text).width, width / 3);
  context.fillStyle = 'rgba(5, 16, 34, 0.78)';
  context.fillRect(4, rows.band + 1, length + 10, rows.height - 2);
  context.fillStyle = '#e9f2fb';
  context.fillText(text, 9, rows.band + rows.height / 2 + 1, width / 3);
}

function diamond(context: CanvasRenderingContext2D, at: number, top: number, state: CameraState): void {
  const half = (HAPPENINGS - 2) / 2;
  context.fillStyle = STATE_COLOURS[state];
  context.beginPath();
  context.moveTo(at, top);
  context.lineTo(at + half, top + half);
  context.lineTo(at, top + 2 * half);
  context.lineTo(at - half, top + half);
  context.closePath();
  context.fill();
}

function ruler(context: CanvasRenderingContext2D, width: number, { view, day }: Painting): void {
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  const seconds = view.end - view.start < 15 * 60_000;
  for (const tick of ticks(view, day, width, LABEL_WIDTH)) {
    const at = Math.round(toX(view, tick.instant, width)) + 0.5;
    context.strokeStyle = tick.major ? '#4d6d99' : '#24405f';
    context.beginPath();
    context.moveTo(at, tick.major ? 21 : 26);
    context.lineTo(at, RULER - 2);
    context.stroke();
    if (!tick.major) continue;
    context.fillStyle = '#9db4d0';
    const label = tick.instant === day.end ? '24:00' : clockOf(tick.instant).slice(0, seconds ? 8 : 5);
    context.fillText(label, Math.min(Math.max(at, 26), width - 26), 15);
  }
}

function hatch(context: CanvasRenderingContext2D, from: number, width: number, rows: Rows): void {
  const left = Math.max(from, 0);
  if (left >= width) return;
  context.save();
  context.beginPath();
  context.rect(left, rows.band, width - left, rows.height);
  context.clip();
  context.strokeStyle = '#12233d';
  context.lineWidth = 2;
  context.beginPath();
  for (let at = Math.floor(left / 10) * 10 - rows.height; at < width; at += 10) {
    context.moveTo(at, rows.band + rows.height);
    context.lineTo(at + rows.height, rows.band);
  }
  context.stroke();
  context.restore();
}

function sheen(context: CanvasRenderingContext2D, width: number, rows: Rows): void {
  const gradient = context.createLinearGradient(0, rows.band, 0, rows.band + rows.height);
  gradient.addColorStop(0, 'rgba(255, 255, 255, 0.12)');
  gradient.addColorStop(0.5, 'rgba(255, 255, 255, 0)');
  gradient.addColorStop(1, 'rgba(0, 0, 0, 0.18)');
  context.fillStyle = gradient;
  context.fillRect(0, rows.band, width, rows.height);
}

function nowMark(
  context: CanvasRenderingContext2D,
  at: number,
  width: number,
  height: number,
  label: string,
): void {
  context.fillStyle = '#ff8591';
  context.textBaseline = 'alphabetic';
  context.textAlign = at > width - 40 ? 'right' : 'left';
  context.fillText(label, at > width - 40 ? at - 4 : at + 4, height - 4);
}

function playhead(context: CanvasRenderingContext2D, at: number): void {
  context.fillStyle = '#ffffff';
  context.beginPath();
  context.moveTo(at - 7, RULER - 10);
  context.lineTo(at + 7, RULER - 10);
  context.lineTo(at, RULER);
  context.closePath();
  context.fill();
}

/** Which camera's rows lie at a height. */
export function laneAt(y: number, lanes: number): number {
  for (let lane = 0; lane < lanes; lane += 1) {
    if (y < rowsOf(lane + 1, lanes).holds) return lane;
  }
  return Math.max(lanes - 1, 0);
}
