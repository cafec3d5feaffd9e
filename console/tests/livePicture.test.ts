import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../src/api/problem';
import { LivePicture, type LiveState } from '../src/player/LivePicture';
import type { Rendition } from '../src/player/rendition';
import type { WallSocket } from '../src/player/WallSocket';
import type { WatchListener } from '../src/player/watch';

let listener: WatchListener;
let asked: Rendition[];
let states: LiveState[];
let picture: LivePicture;

const refuse = (rendition: Rendition, code: string): void =>
  listener.onUseless(rendition, new Problem(503, code, 'why', ''));

function begin(small: boolean, hasSub: boolean): void {
  const socket = {
    watch: (_: string, hears: WatchListener, rendition: Rendition) => {
      listener = hears;
      asked.push(rendition);
      const watch = { hear: vi.fn(), again: vi.fn(), stop: vi.fn() };
      return { ...watch, show: (wanted: Rendition) => asked.push(wanted) };
    },
  };
  const video = { addEventListener: vi.fn(), removeEventListener: vi.fn() };
  picture = new LivePicture({
    video: video as unknown as HTMLVideoElement,
    camera: 'cameras/a',
    socket: socket as unknown as WallSocket,
    wish: { small, hasSub },
    playlist: () => Promise.resolve(''),
    onState: (each) => states.push(each),
    onInstant: vi.fn(),
    onWatermark: vi.fn(),
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  vi.stubGlobal('MediaSource', { isTypeSupported: () => false });
  asked = [];
  states = [];
});

afterEach(() => {
  picture.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a live picture', () => {
  it('is the sub stream on a wall, and the main one while it is large', () => {
    begin(true, true);
    picture.prefer({ small: false, hasSub: true });
    picture.prefer({ small: true, hasSub: true });
    expect(asked).toEqual(['sub', 'main', 'sub']);
  });

  it('is the main one while the sub stream is away, and tries that again', async () => {
    begin(true, true);
    refuse('sub', 'live.rendition_away');
    expect(asked.at(-1)).toBe('main');
    await vi.advanceTimersByTimeAsync(59_000);
    expect(asked.at(-1)).toBe('main');
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.at(-1)).toBe('sub');
    expect(states).toEqual([]);
  });

  it('of a codec that the browser has no decoder for is asked for in H.264', () => {
    begin(false, false);
    expect(listener.onDescribed('hvc1.1.6.L93.B0')).toBe(false);
    listener.onUseless('main', { codecs: 'hvc1.1.6.L93.B0' });
    expect(asked).toEqual(['main', 'h264']);
    expect(states).toEqual([]);
  });

  it('that cannot be converted either says which codec it is, and whether there is no room', async () => {
    begin(false, false);
    listener.onUseless('main', { codecs: 'hvc1.1.6.L93.B0' });
    refuse('h264', 'transcode.no_capacity');
    expect(states.at(-1)).toEqual({ kind: 'unplayable', codec: 'H.265', crowded: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.slice(1)).toEqual(['h264', 'h264']);
    refuse('h264', 'live.rendition_unknown');
    expect(states.at(-1)).toEqual({ kind: 'unplayable', codec: 'H.265', crowded: false });
  });

  it('says why there is none where none is to be had', () => {
    begin(true, true);
    for (const rendition of ['sub', 'main', 'h264'] as const) refuse(rendition, 'live.rendition_away');
    expect(states.at(-1)).toEqual({ kind: 'no-signal', code: 'live.rendition_away', detail: 'why' });
  });
});
