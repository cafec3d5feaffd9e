import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../src/api/problem';
import { Previews } from '../src/day/previews';

const T = Date.parse('2025-11-22T08:00:00Z');
const DAY_LATER = T + 86_400_000;
const CAMERA = 'cameras/gate';

interface Request {
  url: string;
  answer: (blob: Blob) => void;
  refuse: (error: Error) => void;
}

let requests: Request[] = [];
let revoked: string[] = [];
let previews: Previews;
let urls = 0;

beforeEach(() => {
  vi.useFakeTimers();
  requests = [];
  revoked = [];
  urls = 0;
  previews = new Previews({
    base: () => Promise.resolve('/snapshot/t'),
    now: () => DAY_LATER,
    load: (url) => new Promise((answer, refuse) => requests.push({ url, answer, refuse })),
    createUrl: () => `blob:${(urls += 1)}`,
    revokeUrl: (url) => revoked.push(url),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('previews under a pointer', () => {
  it('come from the sheet of ten minutes, tile by tile, with one request', async () => {
    previews.point(CAMERA, T + 65_000);
    await settle();
    expect(requests.map(({ url }) => url)).toEqual([`/snapshot/t/sheet-${T / 1000}.jpg`]);
    expect(previews.picture(CAMERA, T)).toBeNull();
    requests[0]?.answer(new Blob());
    await settle();
    expect(previews.picture(CAMERA, T + 65_000)).toEqual({ kind: 'tile', url: 'blob:1', x: 960, y: 0 });
    expect(previews.picture(CAMERA, T + 599_000)).toMatchObject({ x: 1440, y: 450 });
    previews.point(CAMERA, T + 300_000);
    await settle();
    expect(requests).toHaveLength(1);
  });

  it('get sharper where the pointer rests', async () => {
    previews.point(CAMERA, T + 65_500);
    await vi.advanceTimersByTimeAsync(100);
    previews.point(CAMERA, T + 70_500);
    await vi.advanceTimersByTimeAsync(140);
    expect(requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(requests[1]?.url).toBe('/snapshot/t/preview.jpg?time=2025-11-22T08:01:10.000Z');
    requests[1]?.answer(new Blob());
    await settle();
    expect(previews.picture(CAMERA, T + 70_900)?.kind).toBe('sharp');
  });

  it('are never more than two requests at a time, and of a sweep only the newest', async () => {
    for (let minute = 0; minute < 600; minute += 10) {
      previews.point(CAMERA, T + minute * 60_000);
      await settle();
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(requests).toHaveLength(2);
    requests[0]?.answer(new Blob());
    await settle();
    expect(requests[2]?.url).toContain(`sheet-${T / 1000 + 590 * 60}`);
    previews.leave();
    requests[1]?.answer(new Blob());
    requests[2]?.answer(new Blob());
    await settle();
    expect(requests).toHaveLength(3);
  });

  it('keep twelve sheets and give the rest back', async () => {
    for (let sheet = 0; sheet < 15; sheet += 1) {
      previews.point(CAMERA, T + sheet * 600_000);
      await settle();
      requests.at(-1)?.answer(new Blob());
      await settle();
    }
    expect(revoked).toEqual(['blob:1', 'blob:2', 'blob:3']);
    previews.close();
    expect(revoked).toHaveLength(15);
  });

  it('are not asked for again where pictures must be marked', async () => {
    previews.point(CAMERA, T);
    await settle();
    requests[0]?.refuse(new Problem(403, 'snapshot.unmarked', '', ''));
    await settle();
    previews.point(CAMERA, T + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(requests).toHaveLength(1);
    expect(previews.picture(CAMERA, T)).toBeNull();
  });

  it('are left alone for a while after a failure', async () => {
    previews.point(CAMERA, T);
    await settle();
    requests[0]?.refuse(new Problem(404, 'snapshot.nothing', '', ''));
    await settle();
    previews.point(CAMERA, T + 10_000);
    await settle();
    expect(requests).toHaveLength(1);
  });
});
