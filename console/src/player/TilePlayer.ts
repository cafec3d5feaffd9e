import { fragmentTimes, videoTrack, type FragmentTimes, type VideoTrack } from './boxes';
import { paceOf, WANTED_S } from './edge';

export interface TilePlayerOptions {
  video: HTMLVideoElement;
  source: typeof MediaSource;
  /** A picture is shown: at first, after it had stood still, and each second. Of which instant, epoch
   * milliseconds; null when the fragments do not say. */
  onPicture: (instant: number | null) => void;
  /** The picture stands still though it should move. It may go on by itself. */
  onStall: () => void;
  /** What is held cannot be played on: begin again with an init section and a key frame. */
  onBroken: () => void;
}

type Work =
  | { kind: 'type'; mime: string }
  | { kind: 'init'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'fragment'; bytes: Uint8Array<ArrayBuffer>; times: FragmentTimes; joins: boolean }
  | { kind: 'trim'; behind: number };

/** From this position of the video element on, `zero` is the wall time of position 0 (epoch milliseconds). */
interface Anchor {
  from: number;
  zero: number;
}

const TICK_MS = 250;
/** Seconds kept behind the picture, and how many more there may be before they are removed. */
const KEPT_S = 3;
const SPARE_S = 5;
/** Work that waits for the buffer. More is half a minute of fragments: the decoder is not going to catch up. */
const MOST_WORK = 60;
const STALLED_MS = 3000;
const BROKEN_MS = 8000;

/**
 * Plays one tile's init sections and fragments through a SourceBuffer.
 *
 * Fragments are laid end to end whatever their own times, so that a camera's new session goes on without a hole;
 * which instant is shown comes from their `prft`. It holds a few seconds, however long it plays.
 */
export class TilePlayer {
  private readonly options: TilePlayerOptions;
  private readonly ticker: ReturnType<typeof setInterval>;
  private media: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private url = '';
  private mime = '';
  private track: VideoTrack | null = null;
  private work: Work[] = [];
  private joins = true;
  private anchors: Anchor[] = [];
  private outOfRoom = false;
  private position = -1;
  private movedAt = performance.now();
  private stalled = true;
  /** The key frame it began with may be a whole GOP old; from there to the present it leaps. */
  private caughtUp = false;
  private toldSecond: number | null = null;

  constructor(options: TilePlayerOptions) {
    this.options = options;
    options.video.disableRemotePlayback = true; // A ManagedMediaSource opens on no other terms.
    options.video.addEventListener('error', this.fail);
    this.ticker = setInterval(this.tick, TICK_MS);
  }

  stop(): void {
    clearInterval(this.ticker);
    this.options.video.removeEventListener('error', this.fail);
    this.reset();
  }

  /** Shows and holds nothing any more, until pictures are described anew. */
  reset(): void {
    this.media = null;
    this.buffer = null;
    this.track = null;
    this.work = [];
    this.anchors = [];
    this.joins = true;
    this.stalled = true;
    this.caughtUp = false;
    this.position = -1;
    this.toldSecond = null;
    if (this.url === '') return;
    URL.revokeObjectURL(this.url);
    this.url = '';
    this.options.video.removeAttribute('src');
    this.options.video.load();
  }

  /** Says what the next init section holds. False, and all stays as it is, when it cannot be played here. */
  describe(codecs: string): boolean {
    const mime = `video/mp4; codecs="${codecs}"`;
    if (!this.options.source.isTypeSupported(mime)) return false;
    // A buffer keeps the number of tracks that it began with (Media Source Extensions, 3.5.8).
    if (countOf(mime) !== countOf(this.mime)) this.reset();
    if (this.media === null) this.open(mime);
    else if (mime !== this.mime) this.add({ kind: 'type', mime });
    this.mime = mime;
    return true;
  }

  init(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.media === null) return;
    this.track = videoTrack(bytes);
    this.joins = true;
    this.add({ kind: 'init', bytes });
  }

  fragment(bytes: Uint8Array<ArrayBuffer>): void {
    const times = this.track === null ? null : fragmentTimes(bytes, this.track);
    if (this.media === null || times === null) return;
    this.add({ kind: 'fragment', bytes, times, joins: this.joins });
    this.joins = false;
  }

  /** What follows does not go on where the last fragment ended. */
  discontinuity(): void {
    this.joins = true;
  }

  private open(mime: string): void {
    const media = new this.options.source();
    const { video } = this.options;
    this.media = media;
    this.movedAt = performance.now();
    this.url = URL.createObjectURL(media);
    media.addEventListener('sourceopen', () => {
      if (this.media !== media || this.buffer !== null) return;
      this.attempt(() => {
        media.duration = Infinity;
        this.buffer = media.addSourceBuffer(mime);
        this.buffer.addEventListener('updateend', this.next);
        this.buffer.addEventListener('error', this.fail);
      });
      this.next();
    });
    video.src = this.url;
  }

  private add(work: Work): void {
    if (this.work.length >= MOST_WORK) this.fail();
    else {
      this.work.push(work);
      this.next();
    }
  }

  private next = (): void => {
    const { buffer, media } = this;
    if (buffer === null || media?.readyState !== 'open') return;
    while (!buffer.updating) {
      const work = this.work.shift();
      if (work === undefined) return;
      this.attempt(() => this.perform(work, buffer));
      if (this.buffer !== buffer) return;
    }
  };

  private perform(work: Work, buffer: SourceBuffer): void {
    const { video } = this.options;
    if (work.kind === 'type') buffer.changeType(work.mime);
    else if (work.kind === 'trim') {
      const start = startOf(buffer);
      const until = video.currentTime - work.behind;
      if (start === null || until <= start) return;
      buffer.remove(0, until);
      const current = this.anchors.findLastIndex((anchor) => anchor.from <= until);
      if (current > 0) this.anchors.splice(0, current);
    } else {
      if (work.kind === 'fragment' && work.joins) {
        buffer.timestampOffset = (endOf(buffer) ?? 0) - work.times.start;
      }
      try {
        buffer.appendBuffer(work.bytes);
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError' || this.outOfRoom)
          throw error;
        this.outOfRoom = true;
        this.work.unshift({ kind: 'trim', behind: 0.5 }, work);
        return;
      }
      this.outOfRoom = false;
      if (work.kind === 'fragment') this.anchor(work.times, buffer.timestampOffset);
    }
  }

  private anchor(times: FragmentTimes, offset: number): void {
    if (times.epoch === null) return;
    this.anchors.push({ from: times.start + offset, zero: times.epoch - offset * 1000 });
  }

  /** Does what a decoder or a full memory may refuse. */
  private attempt(what: () => void): void {
    try {
      what();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.fail();
    }
  }

  private fail = (): void => {
    if (this.media === null) return;
    this.reset();
    this.options.onBroken();
  };

  private tick = (): void => {
    const { video, onPicture } = this.options;
    const { buffer } = this;
    if (buffer === null) return;
    const now = performance.now();
    const end = endOf(buffer);
    if (end === null) return;
    this.keepUp(end, buffer);
    // While it seeks, the position is new and the picture is still the old one.
    const shows = !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (shows && video.currentTime !== this.position) {
      this.position = video.currentTime;
      this.movedAt = now;
      const instant = this.instantAt(video.currentTime);
      const second = instant === null ? null : Math.floor(instant / 1000);
      if (this.stalled || second !== this.toldSecond) onPicture(instant);
      this.stalled = false;
      this.toldSecond = second;
      return;
    }
    const still = now - this.movedAt;
    // Where nothing more is loaded there is nothing to decode either: then it is the network that is waited for.
    if (still > BROKEN_MS && end - video.currentTime > 1) this.fail();
    else if (still > STALLED_MS && !this.stalled) {
      this.stalled = true;
      this.options.onStall();
    }
  };

  /** Holds the picture near the edge, out of holes, and the buffer short. */
  private keepUp(end: number, buffer: SourceBuffer): void {
    const { video } = this.options;
    const pace = paceOf(end - video.currentTime, video.playbackRate);
    const leaps = !this.caughtUp && pace.kind === 'rate' && pace.rate > 1;
    if (leaps) this.caughtUp = true;
    if (leaps || pace.kind === 'jump') video.currentTime = Math.max(end - WANTED_S, startOf(buffer) ?? 0);
    else {
      const ahead = holeEnd(buffer, video.currentTime);
      if (ahead !== null) video.currentTime = ahead + 0.01;
      if (video.playbackRate !== pace.rate) video.playbackRate = pace.rate;
    }
    if (video.paused) video.play().catch(() => undefined); // The browser wants a gesture first: asked again soon.
    const start = startOf(buffer);
    const waits = this.work.some((work) => work.kind === 'trim');
    if (start !== null && !waits && video.currentTime - start > KEPT_S + SPARE_S) {
      this.add({ kind: 'trim', behind: KEPT_S });
    }
  }

  private instantAt(position: number): number | null {
    const anchor = this.anchors.findLast((each) => each.from <= position + 0.1) ?? this.anchors[0];
    return anchor === undefined ? null : anchor.zero + position * 1000;
  }
}

function countOf(mime: string): number {
  return mime.split(',').length;
}

function startOf(buffer: SourceBuffer): number | null {
  return buffer.buffered.length === 0 ? null : buffer.buffered.start(0);
}

function endOf(buffer: SourceBuffer): number | null {
  const { buffered } = buffer;
  return buffered.length === 0 ? null : buffered.end(buffered.length - 1);
}

/** Where the next picture is when there is none at a position; null when there is one, or none to come. */
function holeEnd(buffer: SourceBuffer, position: number): number | null {
  const { buffered } = buffer;
  for (let index = 0; index < buffered.length; index += 1) {
    if (position < buffered.start(index)) return buffered.start(index);
    if (position < buffered.end(index) - 0.05) return null;
  }
  return null;
}
