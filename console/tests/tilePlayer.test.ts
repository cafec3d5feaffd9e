import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TilePlayer } from '../src/player/TilePlayer';
import { fragment, initSection } from './fakes';

// What a decoder and a full memory refuse cannot be had of a browser at will; that pictures play is shown in one.

const HALF_S = 0.5;
const NOW = Date.parse('2025-11-22T08:00:00Z');

/** A SourceBuffer that takes half a second of pictures for each fragment, at its offset. */
class FakeBuffer extends EventTarget {
  updating = false;
  timestampOffset = 0;
  start = NaN;
  end = NaN;
  readonly done: string[] = [];
  /** How many of the next appends find the memory full. */
  full = 0;

  get buffered(): Pick<TimeRanges, 'length' | 'start' | 'end'> {
    return { length: Number.isNaN(this.end) ? 0 : 1, start: () => this.start, end: () => this.end };
  }

  appendBuffer(bytes: Uint8Array): void {
    if (this.full > 0) {
      this.full -= 1;
      throw new DOMException('full', 'QuotaExceededError');
    }
    const isInit = bytes[4] === 'f'.charCodeAt(0);
    this.done.push(isInit ? 'init' : 'fragment');
    if (!isInit) {
      this.end = (Number.isNaN(this.end) ? 0 : this.end) + HALF_S;
      if (Number.isNaN(this.start)) this.start = 0;
    }
    this.update();
  }

  changeType(mime: string): void {
    this.done.push(mime);
  }

  remove(_from: number, until: number): void {
    this.done.push('remove');
    this.start = until;
    this.update();
  }

  private update(): void {
    this.updating = true;
    queueMicrotask(() => {
      this.updating = false;
      this.dispatchEvent(new Event('updateend'));
    });
  }
}

class FakeSource extends EventTarget {
  static made: FakeSource[] = [];
  static isTypeSupported = (mime: string): boolean => !mime.includes('hvc1');
  readyState = 'closed';
  duration = NaN;
  readonly buffer = new FakeBuffer();

  constructor() {
    super();
    FakeSource.made.push(this);
  }

  addSourceBuffer(): FakeBuffer {
    return this.buffer;
  }
}

class FakeVideo extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  seeking = false;
  readyState = 4;
  src = '';
  play = (): Promise<void> => {
    this.paused = false;
    return Promise.resolve();
  };
  removeAttribute = (): void => {
    this.src = '';
  };
  load = (): void => undefined;
}

let video: FakeVideo;
let player: TilePlayer;
let told: string[];

const source = (): FakeSource => FakeSource.made.at(-1) ?? expect.fail('no MediaSource was made');
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

async function begin(): Promise<void> {
  player.describe('avc1.64001f');
  source().readyState = 'open';
  source().dispatchEvent(new Event('sourceopen'));
  player.init(initSection());
  await settle();
}

async function play(count: number, from = 0): Promise<void> {
  for (let each = 0; each < count; each += 1) {
    const at = from + each * HALF_S;
    player.fragment(fragment(at, NOW + at * 1000));
    video.currentTime = Math.max(video.currentTime, (source().buffer.end || 0) - 1);
    await vi.advanceTimersByTimeAsync(HALF_S * 1000);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:tile');
  FakeSource.made = [];
  told = [];
  video = new FakeVideo();
  player = new TilePlayer({
    video: video as unknown as HTMLVideoElement,
    source: FakeSource as unknown as typeof MediaSource,
    onPicture: (instant) => told.push(`picture ${instant}`),
    onStall: () => told.push('stall'),
    onBroken: () => told.push('broken'),
  });
});

afterEach(() => {
  player.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a tile', () => {
  it('lays a new session of the camera where the last one ended, and tells its own instants', async () => {
    await begin();
    await play(4, 100);
    expect(source().buffer.timestampOffset).toBe(-100);
    player.init(initSection());
    await play(4, 7);
    expect(source().buffer.timestampOffset).toBe(2 - 7);
    const last = told.at(-1) ?? '';
    expect(Number(last.split(' ')[1])).toBeCloseTo(NOW + (7 - 2 + video.currentTime) * 1000, -3);
  });

  it('holds a few seconds, however long it plays', async () => {
    await begin();
    for (let minute = 0; minute < 10; minute += 1) {
      await play(120, minute * 60);
      const { start, end } = source().buffer;
      expect(end - start).toBeLessThan(12);
    }
    expect(told).not.toContain('broken');
  });

  it('makes room where the memory is full, and begins anew where that is no help', async () => {
    await begin();
    await play(6);
    source().buffer.full = 1;
    await play(2, 3);
    expect(source().buffer.done.slice(-3)).toEqual(['remove', 'fragment', 'fragment']);
    expect(told).not.toContain('broken');
    source().buffer.full = 2;
    await play(1, 4);
    expect(told.at(-1)).toBe('broken');
  });

  it('goes on with another codec in the same buffer', async () => {
    await begin();
    await play(2);
    player.describe('avc1.4d401f');
    player.init(initSection());
    await play(1, 1);
    expect(source().buffer.done.slice(-3)).toEqual(['video/mp4; codecs="avc1.4d401f"', 'init', 'fragment']);
    expect(FakeSource.made).toHaveLength(1);
  });

  it('takes another source where a track is added: a buffer keeps the number it began with', async () => {
    await begin();
    await play(2);
    player.describe('avc1.64001f,mp4a.40.2');
    expect(FakeSource.made).toHaveLength(2);
    source().readyState = 'open';
    source().dispatchEvent(new Event('sourceopen'));
    player.init(initSection());
    video.currentTime = 0;
    await play(2, 1);
    expect(source().buffer.done).toEqual(['init', 'fragment', 'fragment']);
    expect(told.at(-1)).toMatch(/^picture/);
    expect(told).not.toContain('broken');
  });

  it('says what it cannot decode, and keeps what it shows', async () => {
    await begin();
    await play(2);
    expect(player.describe('hvc1.1.6.L93.B0')).toBe(false);
    expect(video.src).not.toBe('');
    await play(1);
    expect(source().buffer.done).toEqual(['init', 'fragment', 'fragment', 'fragment']);
  });

  it('whose decoder has failed begins anew in another source', async () => {
    await begin();
    await play(2);
    video.dispatchEvent(new Event('error'));
    expect(told.at(-1)).toBe('broken');
    await begin();
    await play(2);
    expect(FakeSource.made).toHaveLength(2);
    expect(told.at(-1)).toMatch(/^picture/);
  });

  it('that stands still is told, and after a while begun anew if there is something to play', async () => {
    await begin();
    await play(4);
    video.readyState = 1; // Wherever it is moved to, no picture is decoded.
    for (let each = 4; each < 22; each += 1) {
      player.fragment(fragment(each * HALF_S, NOW));
      await vi.advanceTimersByTimeAsync(HALF_S * 1000);
    }
    expect(told.slice(-2)).toEqual(['stall', 'broken']);
  });

  it('whose network is slow waits, and is not begun anew', async () => {
    await begin();
    await play(4);
    video.currentTime = 2;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.at(-1)).toBe('stall');
  });

  it('whose decoder does not take what comes holds no more than half a minute of it', async () => {
    await begin();
    source().buffer.updating = true;
    for (let each = 0; each < 61; each += 1) player.fragment(fragment(each * HALF_S, NOW));
    expect(told).toEqual(['broken']);
  });
});
