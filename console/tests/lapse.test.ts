import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../src/api/problem';
import { Film, type FilmState } from '../src/lapse/Film';
import { byDay } from '../src/lapse/frames';
import { fits, framesOf, thinned, trackFor, type Frame } from '../src/lapse/track';

const T = Date.parse('2025-11-22T00:00:00Z');
const HOUR = 3_600_000;

describe('the index of small pictures', () => {
  const track = (...cues: string[]) => framesOf(['WEBVTT', ...cues].join('\n\n'), T, '/snapshot/t');
  const [FIRST, SECOND, LAST] = [
    '00:00:00.000 --> 00:05:00.000\ntimelapse-1763769600.jpg#xywh=0,0,160,90',
    '00:05:00.000 --> 00:15:00.000\ntimelapse-1763769600.jpg#xywh=160,0,160,90',
    '04:05:00.000 --> 04:07:00.500\ntimelapse-1763784000.jpg#xywh=160,90,160,90',
  ];

  it('gives each picture its place, and the middle of its time, also where the range cuts that off', () => {
    const frames = track(FIRST, SECOND, 'NOTE not a cue', LAST);
    expect(frames.map(({ instant }) => (instant - T) / 1000)).toEqual([0, 600, 4 * 3600 + 420.5]);
    expect(frames[2]).toMatchObject({
      sheet: '/snapshot/t/timelapse-1763784000.jpg',
      ...{ x: 160, y: 90, width: 160, height: 90 },
    });
    expect(track(LAST)[0]?.instant).toBe(T + (4 * 3600 + 420.5) * 1000);
    expect(track()).toEqual([]);
  });

  it('is thinned by the wall clock, and holes stay holes', () => {
    const at = (...minutes: number[]) => minutes.map((minute) => frame(minute, 'a'));
    const taken = thinned(at(5, 15, 25, 35, 95, 105), HOUR / 2);
    expect(taken.map(({ instant }) => (instant - T) / 60_000)).toEqual([5, 35, 95]);
  });

  it('is the fine one where pictures are near each other, for as long as that is made in time', () => {
    expect([trackFor(10_000), trackFor(600_000)]).toEqual(['previews.vtt', 'timelapse.vtt']);
    expect(fits({ start: T, end: T + HOUR }, 10_000)).toBe(true);
    expect(fits({ start: T, end: T + HOUR + 1 }, 10_000)).toBe(false);
    expect(fits({ start: T, end: T + 7 * 24 * HOUR }, 600_000)).toBe(true);
  });

  it('is asked for day by day, as tickets open them', () => {
    const parts = byDay({ start: T, end: T + 40 * HOUR }); // 08:00 in Shanghai
    expect(parts.map(({ range }) => (range.end - range.start) / HOUR)).toEqual([16, 24]);
    expect(parts.every(({ day, range }) => day.start <= range.start && range.end <= day.end)).toBe(true);
    expect(byDay({ start: T, end: T })).toEqual([]);
  });
});

function frame(minute: number, sheet: string): Frame {
  return { instant: T + minute * 60_000, sheet, x: minute, y: 0, width: 160, height: 90 };
}

interface Request {
  url: string;
  signal: AbortSignal;
  answer: (sheet: string) => void;
  refuse: (error: Error) => void;
}

describe('a film', () => {
  let requests: Request[] = [];
  let drawn: string[] = [];
  let released: string[] = [];
  let state: FilmState;
  let film: Film<string>;

  const begin = (frames: Frame[]) => {
    film = new Film<string>({
      frames,
      load: (url, signal) =>
        new Promise((answer, refuse) => {
          signal.addEventListener('abort', () => refuse(new DOMException('', 'AbortError')));
          requests.push({ url, signal, answer, refuse });
        }),
      release: (sheet) => released.push(sheet),
      draw: (sheet, { x }) => drawn.push(`${sheet}${x}`),
      onState: (told) => (state = told),
    });
  };
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const answer = async (url: string) => {
    requests.findLast((request) => request.url === url)?.answer(url);
    await settle();
  };
  const asked = () => requests.map(({ url }) => url);

  beforeEach(() => {
    vi.useFakeTimers();
    requests = [];
    drawn = [];
    released = [];
  });
  afterEach(() => {
    film.close();
    vi.useRealTimers();
  });

  it('shows its first picture, and plays to the end at its rate, ahead of itself by a sheet', async () => {
    begin([frame(0, 'a'), frame(1, 'a'), frame(2, 'b'), frame(3, 'c')]);
    expect(asked()).toEqual(['a', 'b']);
    await answer('a');
    expect(drawn).toEqual(['a0']);
    await answer('b');
    film.setRate(10);
    film.play();
    await vi.advanceTimersByTimeAsync(250);
    expect(drawn).toEqual(['a0', 'a1', 'b2']);
    expect(asked()).toEqual(['a', 'b', 'c']);
    await answer('c');
    await vi.advanceTimersByTimeAsync(200);
    expect(drawn.at(-1)).toBe('c3');
    expect(state).toMatchObject({ index: 3, playing: false });
    film.play();
    expect(state).toMatchObject({ index: 0, playing: true });
  });

  it('stands on the picture before while the next one is made', async () => {
    begin([frame(0, 'a'), frame(1, 'b'), frame(2, 'b')]);
    await answer('a');
    film.play();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state).toMatchObject({ index: 1, waiting: true, playing: true });
    expect(drawn).toEqual(['a0']);
    await answer('b');
    expect(drawn).toEqual(['a0', 'b1']);
    await vi.advanceTimersByTimeAsync(250);
    expect(drawn).toEqual(['a0', 'b1', 'b2']);
  });

  it('asks for nothing that was dragged past', async () => {
    begin(Array.from({ length: 40 }, (_, index) => frame(index, `s${index}`)));
    for (let index = 0; index < 40; index += 1) film.seek(index);
    await settle();
    const open = requests.filter(({ signal }) => !signal.aborted);
    expect(open.map(({ url }) => url)).toEqual(['s39']);
    expect(state).toMatchObject({ index: 39, waiting: true });
    await answer('s39');
    expect(drawn).toEqual(['s3939']);
  });

  it('asks anew for what was dragged past and is come back to at once', async () => {
    begin([frame(0, 'a'), frame(1, 'b'), frame(2, 'c'), frame(3, 'd')]);
    film.seek(3);
    film.seek(0);
    await settle();
    const open = requests.filter(({ signal }) => !signal.aborted);
    expect(open.map(({ url }) => url)).toEqual(['a', 'b']);
    await answer('a');
    expect(drawn).toEqual(['a0']);
  });

  it('asks again for what was too much or was away, and passes over what cannot be had', async () => {
    begin([frame(0, 'a'), frame(1, 'b'), frame(2, 'c')]);
    requests[0]?.refuse(new Problem(429, 'snapshot.busy', '', ''));
    requests[1]?.refuse(new Problem(404, 'vod.no_footage', '', ''));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked().filter((url) => url === 'a')).toHaveLength(2);
    await answer('a');
    film.play();
    await vi.advanceTimersByTimeAsync(250);
    expect(state).toMatchObject({ index: 1, missing: true, waiting: false });
    await answer('c');
    await vi.advanceTimersByTimeAsync(250);
    expect(drawn).toEqual(['a0', 'c2']);
  });

  it('holds a few sheets, and gives all back when it is closed', async () => {
    begin(Array.from({ length: 12 }, (_, index) => frame(index, `s${index}`)));
    for (let index = 0; index < 12; index += 1) {
      film.seek(index);
      await answer(`s${index}`);
    }
    expect(released).toHaveLength(4);
    film.close();
    expect(new Set(released).size).toBe(12);
    const before = drawn.length;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(drawn).toHaveLength(before);
  });

  it('steps, and stays within its pictures', async () => {
    begin([frame(0, 'a'), frame(1, 'a')]);
    await answer('a');
    film.play();
    film.step(1);
    expect(state).toMatchObject({ index: 1, playing: false });
    film.step(1);
    expect(state.index).toBe(1);
    film.seek(-3);
    expect(state.index).toBe(0);
    film.toggle();
    expect(state.playing).toBe(true);
  });
});
