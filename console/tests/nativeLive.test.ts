import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { Problem } from '../src/api/problem';
import { LivePicture, type LiveState } from '../src/player/LivePicture';
import { WallSocket } from '../src/player/WallSocket';

// A browser without MediaSource that takes an address of HLS, as iPhones of before iOS 17.1 do.

const START = Date.parse('2025-11-22T08:00:00Z');
const AHEAD_MS = 60_000;

class FakeVideo extends EventTarget {
  currentTime = 0;
  readyState = 0;
  paused = true;
  src = '';
  loads = 0;
  gesture = true;
  getStartDate: (() => Date) | undefined = () => new Date(START);
  canPlayType = (mime: string): string => (mime === 'application/vnd.apple.mpegurl' ? 'maybe' : '');
  play = vi.fn((): Promise<void> => {
    if (!this.gesture) return Promise.reject(new DOMException('a gesture first', 'NotAllowedError'));
    this.paused = false;
    return Promise.resolve();
  });
  removeAttribute = (): void => {
    this.src = '';
  };
  load = (): void => {
    this.loads += 1;
    this.currentTime = 0;
    this.readyState = 0;
  };
}

let video: FakeVideo;
let playlist: Mock<() => Promise<string>>;
let states: LiveState[];
let instants: (number | null)[];
let picture: LivePicture;

const state = (): LiveState['kind'] | undefined => states.at(-1)?.kind;
const refuse = (status: number, code: string): void => {
  playlist.mockRejectedValueOnce(new Problem(status, code, 'why', ''));
};

/** The picture moves for so long. */
async function plays(seconds: number): Promise<void> {
  video.readyState = 4;
  for (let second = 0; second < seconds; second += 1) {
    video.currentTime += 1;
    await vi.advanceTimersByTimeAsync(1000);
  }
}

function begin(): void {
  picture = new LivePicture({
    video: video as unknown as HTMLVideoElement,
    camera: 'cameras/a',
    socket: new WallSocket({
      url: 'ws://gateway/ws',
      tickets: { get: vi.fn(), drop: vi.fn(), revive: vi.fn() },
      connect: () => expect.fail('no socket is needed'),
    }),
    wish: { small: false, hasSub: false },
    playlist,
    onState: (each) => states.push(each),
    onInstant: (instant) => instants.push(instant),
    onWatermark: () => undefined,
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
  vi.stubGlobal('MediaSource', undefined);
  video = new FakeVideo();
  let given = 0;
  playlist = vi.fn(() => Promise.resolve(`/hls/${++given}/live.m3u8`));
  [states, instants] = [[], []];
});

afterEach(() => {
  picture.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a picture that the browser plays by itself', () => {
  it('tells that it plays, and of which instant', async () => {
    begin();
    await plays(3);
    expect(video.src).toBe('/hls/1/live.m3u8');
    expect(video.paused).toBe(false);
    expect(state()).toBe('playing');
    expect(instants).toEqual([START + 1000, START + 2000, START + 3000]);
    expect(playlist).toHaveBeenCalledTimes(1);
  });

  it('tells no instant where the browser or the stream knows none', async () => {
    begin();
    video.getStartDate = () => new Date(NaN);
    await plays(1);
    video.getStartDate = undefined;
    await plays(1);
    expect(instants).toEqual([null, null]);
  });

  it('that stands still is opened anew with another ticket, and says so meanwhile', async () => {
    begin();
    await plays(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(playlist).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(4000);
    expect(state()).toBe('reconnecting');
    expect(video.src).toBe('/hls/2/live.m3u8');
    await plays(1);
    expect(state()).toBe('playing');
  });

  it('that fails is tried again, later each time, until it plays', async () => {
    begin();
    await plays(1);
    const times: number[] = [];
    playlist.mockImplementation(() => {
      times.push(performance.now());
      return Promise.reject(new TypeError('no network'));
    });
    video.dispatchEvent(new Event('error'));
    await vi.advanceTimersByTimeAsync(AHEAD_MS);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? NaN));
    expect(pauses.length).toBeGreaterThan(2);
    expect(pauses.length).toBeLessThan(10);
    expect(Math.min(...pauses.slice(1))).toBeGreaterThan(pauses[0] ?? NaN);
    expect(state()).toBe('reconnecting');
    playlist.mockResolvedValue('/hls/back/live.m3u8');
    await plays(20);
    expect(state()).toBe('playing');
  });

  it('waits for a gesture where the browser wants one, and for no other ticket', async () => {
    video.gesture = false;
    video.readyState = 4;
    video.currentTime = -1; // nothing has been shown
    begin();
    await vi.advanceTimersByTimeAsync(AHEAD_MS);
    expect(playlist).toHaveBeenCalledTimes(1);
    video.gesture = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(video.paused).toBe(false);
  });

  it('without a right shows nothing and asks no more, until somebody does', async () => {
    refuse(403, 'access.denied');
    begin();
    await vi.advanceTimersByTimeAsync(AHEAD_MS);
    expect(state()).toBe('denied');
    expect(playlist).toHaveBeenCalledTimes(1);
    picture.again();
    await plays(1);
    expect(state()).toBe('playing');
    refuse(403, 'access.denied');
    video.dispatchEvent(new Event('error')); // as a player does whose playlist is refused
    await vi.advanceTimersByTimeAsync(AHEAD_MS);
    expect(state()).toBe('ended');
    expect(video.src).toBe('');
    expect(video.loads).toBeGreaterThan(0);
    expect(playlist).toHaveBeenCalledTimes(3);
  });

  it('says why where there is none, and comes back by itself', async () => {
    refuse(503, 'camera.offline');
    begin();
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual([{ kind: 'no-signal', code: 'camera.offline', detail: 'why' }]);
    await vi.advanceTimersByTimeAsync(2000);
    await plays(1);
    expect(state()).toBe('playing');
    refuse(404, 'camera.not_found');
    picture.stop();
    begin();
    await vi.advanceTimersByTimeAsync(0);
    expect(state()).toBe('gone');
  });

  it('takes no address that comes after it was stopped or asked for again', async () => {
    let late: (url: string) => void = () => undefined;
    playlist.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    begin();
    await vi.advanceTimersByTimeAsync(AHEAD_MS / 4);
    expect(playlist).toHaveBeenCalledTimes(2);
    late('/hls/late/live.m3u8');
    await vi.advanceTimersByTimeAsync(0);
    expect(video.src).toBe('/hls/1/live.m3u8');
    playlist.mockImplementationOnce(() => new Promise((resolve) => (late = resolve)));
    video.dispatchEvent(new Event('error'));
    await vi.advanceTimersByTimeAsync(5000);
    picture.stop();
    late('/hls/late/live.m3u8');
    await vi.advanceTimersByTimeAsync(AHEAD_MS);
    expect(video.src).toBe('');
    expect(playlist).toHaveBeenCalledTimes(3);
  });
});

it('where the browser plays no video streams at all a picture says so', () => {
  video.canPlayType = () => '';
  begin();
  expect(state()).toBe('unsupported');
  expect(playlist).not.toHaveBeenCalled();
});
