import type { Range } from '../api/tickets';

/** One picture of a film: a part of a sheet of small pictures. */
export interface Frame {
  /** About when it was taken, epoch milliseconds: the middle of the time that it stands for. */
  instant: number;
  /** Where its sheet is loaded from. */
  sheet: string;
  /** The part, px. */
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Pictures of a day are usually so far apart; closer ones have an index of their own. */
const LAPSE_MS = 600_000;
const CUE = /^(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})$/;
const PLACE = /^([^#]+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

/** Reads the gateway's WebVTT, whose times count from `start`; sheets lie below `base`. What is no cue is passed over. */
export function framesOf(text: string, start: number, base: string): Frame[] {
  const cues = text.split(/\n\n+/).flatMap((block) => {
    const [times = '', place = ''] = block.trim().split('\n');
    const cue = CUE.exec(times);
    const part = PLACE.exec(place);
    if (cue === null || part === null) return [];
    const [begin, end] = [secondsOf(cue.slice(1, 5)) * 1000, secondsOf(cue.slice(5, 9)) * 1000];
    const [x = 0, y = 0, width = 0, height = 0] = part.slice(2).map(Number);
    return [{ begin, end, sheet: `${base}/${part[1] ?? ''}`, x, y, width, height }];
  });
  // The first and the last may be cut off by the range; their pictures are of the middle all the same.
  const longest = Math.max(...cues.map(({ begin, end }) => end - begin));
  const whole = cues.length > 2 ? longest : Math.max(longest, LAPSE_MS);
  return cues.map(({ begin, end, ...part }) => {
    const from = begin === 0 && cues.length > 1 ? end - whole : begin;
    const middle = Math.min(Math.max(from + whole / 2, begin), end);
    return { instant: start + Math.round(middle), ...part };
  });
}

function secondsOf(parts: readonly string[]): number {
  const [hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = parts.map(Number);
  return (hours * 60 + minutes) * 60 + seconds + milliseconds / 1000;
}

/** The first frame in each interval of the wall clock, ms. */
export function thinned(frames: readonly Frame[], interval: number): Frame[] {
  let last = -Infinity;
  return frames.filter(({ instant }) => {
    const cell = Math.floor(instant / interval);
    const taken = cell > last;
    if (taken) last = cell;
    return taken;
  });
}

/** How far apart pictures may be, ms, and how long a range may then be: so many sheets are made while one waits. */
export const INTERVALS: readonly { every: number; longest: number }[] = [
  { every: 10_000, longest: 3_600_000 },
  { every: 60_000, longest: 6 * 3_600_000 },
  { every: 600_000, longest: 7 * 86_400_000 },
  { every: 1_800_000, longest: 7 * 86_400_000 },
  { every: 3_600_000, longest: 7 * 86_400_000 },
];

/** Whether pictures so far apart are to be had of so long a range. */
export function fits({ start, end }: Range, every: number): boolean {
  return INTERVALS.some((each) => each.every === every && end - start <= each.longest);
}

/** Which index has pictures so close together. */
export function trackFor(every: number): 'previews.vtt' | 'timelapse.vtt' {
  return every < LAPSE_MS ? 'previews.vtt' : 'timelapse.vtt';
}
