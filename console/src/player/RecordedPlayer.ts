import Hls, { ErrorDetails, ErrorTypes, Events, type ErrorData } from 'hls.js/light';
import { isForbidden, Problem } from '../api/problem';
import type { Encoding, Playlist, Range } from '../api/tickets';
import { backoff } from './backoff';
import { codecAt, isCodecError } from './codecErrors';
import { CONVERTED_CONFIG, KEY_FRAME_CONFIG, RECORDED_CONFIG } from './config';
import { LOOK_AGAIN_MS, whyNotConverted } from './converted';
import { FrameClock } from './FrameClock';
import { sameState, type PlayerState } from './playerState';
import { refusesTicket } from './refusals';
import type { SyncedPlayer } from './SyncGroup';
import { endOfGap, instantAt, positionOf, type DatedFragment } from './wallclock';

export interface RecordedOptions {
  video: HTMLVideoElement;
  /** How far a playlist that begins at an instant may reach. */
  rangeFrom: (instant: number) => Range;
  /** `renew`: the media path refused the last ticket. */
  open: (range: Range, playlist: Playlist, renew: boolean, encoding: Encoding) => Promise<string>;
  onState: (state: PlayerState) => void;
}

const TICK_MS = 200;
/** Faster than this all pictures are too many to load. */
const ALL_PICTURES_SPEED = 4;
/** A picture that is due and does not come within so long is fetched anew. */
const STALLED_MS = 10_000;
/** The same where it is encoded first. */
const CONVERSION_STALLED_MS = 60_000;
const FAILED: readonly PlayerState['kind'][] = ['unplayable', 'tooFast', 'denied', 'gone', 'unsupported'];

/** One camera's past in a video element; `SyncGroup` says which instant. */
export class RecordedPlayer implements SyncedPlayer {
  private readonly options: RecordedOptions;
  private readonly frames: FrameClock;
  private readonly ticker: ReturnType<typeof setInterval>;
  private hls: Hls | null = null;
  private range: Range | null = null;
  private opening = 0;
  private attempt = 0;
  /** The ticket is a new one: what refuses it too has a reason that another would not change. */
  private renewed = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private state: PlayerState = { kind: 'loading' };
  /** The footage's codec, where this browser cannot decode it: then it is to come as H.264. */
  private undecodable: string | null = null;
  /** The instant that is to be shown, until it is. */
  private wanted: number | null = null;
  private speed = 1;
  /** No footage follows in the open playlist. */
  private exhausted = false;
  private stalledSince: number | null = null;

  constructor(options: RecordedOptions) {
    this.options = options;
    this.frames = new FrameClock(options.video);
    this.ticker = setInterval(this.tick, TICK_MS);
    if (!Hls.isSupported()) this.setState({ kind: 'unsupported' });
  }

  stop(): void {
    clearInterval(this.ticker);
    this.frames.stop();
    this.close();
  }

  instant(): number | null {
    return this.wanted === null ? instantAt(this.fragments(), this.options.video.currentTime) : null;
  }

  phase(): 'ready' | 'busy' | 'failed' {
    const { video } = this.options;
    if (FAILED.includes(this.state.kind)) return 'failed';
    if (this.wanted !== null || this.hls === null || video.seeking) return 'busy';
    const goesOn = video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    return goesOn || video.ended || this.exhausted ? 'ready' : 'busy';
  }

  seek(instant: number): void {
    this.wanted = instant;
    this.exhausted = false;
    this.stalledSince = null;
    if (FAILED.includes(this.state.kind) && this.state.kind !== 'unsupported')
      this.setState({ kind: 'loading' });
    const inside = this.range !== null && instant >= this.range.start && instant < this.range.end;
    if (this.hls === null || !inside || !this.reach()) void this.open(false);
  }

  setSpeed(speed: number): void {
    const other = playlistFor(speed) !== playlistFor(this.speed);
    const at = this.wanted ?? this.instant();
    this.speed = speed;
    if (other && at !== null && this.hls !== null) {
      this.wanted = at;
      void this.open(false);
    }
  }

  setRate(rate: number): void {
    const { video } = this.options;
    if (rate === 0) {
      video.pause();
      return;
    }
    // Attaching a source resets the rate to the default one, so both are set.
    if (Math.abs(video.playbackRate - rate) > 0.005) video.defaultPlaybackRate = video.playbackRate = rate;
    if (video.paused && !video.ended) video.play().catch(() => undefined); // Refused: it stands until a click.
  }

  /** Shows the next frame or the one before; resolves to its instant, null where there is none. */
  async stepFrame(direction: -1 | 1): Promise<number | null> {
    const { video } = this.options;
    if (this.hls === null || this.wanted !== null) return null;
    video.pause();
    const arrived = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    video.currentTime = this.frames.beside(direction);
    await arrived;
    return this.instant();
  }

  private async open(renew: boolean): Promise<void> {
    this.close();
    this.renewed ||= renew;
    const { video, rangeFrom, open } = this.options;
    const playlist = playlistFor(this.speed);
    const opening = this.opening;
    const { undecodable } = this;
    if (this.wanted === null) return;
    if (undecodable !== null && playlist !== 'vod.m3u8') {
      this.give({ kind: 'tooFast', codec: undecodable });
      return;
    }
    this.range = rangeFrom(this.wanted);
    let url: string;
    try {
      url = await open(this.range, playlist, renew, undecodable === null ? 'own' : 'h264');
    } catch (error) {
      if (opening === this.opening) this.refused(error);
      return;
    }
    if (opening !== this.opening) return;
    const pictures = undecodable === null ? RECORDED_CONFIG : CONVERTED_CONFIG;
    const hls = new Hls(playlist === 'vod.m3u8' ? pictures : KEY_FRAME_CONFIG);
    this.hls = hls;
    hls.on(Events.ERROR, (_event, data) => this.onError(data));
    hls.on(Events.MEDIA_ATTACHED, () => hls.loadSource(url));
    hls.on(Events.FRAG_BUFFERED, () => this.reach());
    hls.attachMedia(video);
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    this.opening += 1;
    this.hls?.destroy();
    this.hls = null;
    this.range = null;
    this.exhausted = false;
    this.stalledSince = null;
  }

  /** Goes to the wanted picture inside the open playlist. False when it lies outside. */
  private reach(): boolean {
    if (this.wanted === null) return true;
    const { video } = this.options;
    const fragments = this.fragments();
    const position = positionOf(fragments, this.wanted) ?? this.edge(fragments, this.wanted);
    if (position === null) return false;
    if (Math.abs(position - video.currentTime) > 0.01) video.currentTime = position;
    return true;
  }

  /** The first picture, for who asks for what comes just before it. */
  private edge(fragments: readonly DatedFragment[], wanted: number): number | null {
    const first = fragments.find((fragment) => fragment.programDateTime !== null);
    return first?.programDateTime && wanted <= first.programDateTime ? first.start : null;
  }

  private tick = (): void => {
    const { video } = this.options;
    if (this.hls === null) return;
    const has = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.seeking;
    if (this.wanted !== null && has && this.fragments().length > 0 && this.reach() && !video.seeking) {
      this.wanted = null;
      this.attempt = 0;
      this.renewed = false;
      this.setState({ kind: 'playing', converted: this.undecodable === null ? null : 'H.264' });
    }
    this.leaveGap();
    const isStalled = this.phase() === 'busy';
    this.stalledSince = isStalled ? (this.stalledSince ?? performance.now()) : null;
    const patience = this.undecodable === null ? STALLED_MS : CONVERSION_STALLED_MS;
    if (this.stalledSince !== null && performance.now() - this.stalledSince > patience) this.retry(false);
  };

  /** What the timeline did not tell: a gap that has its length in media time, and no pictures. */
  private leaveGap(): void {
    const { video } = this.options;
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || video.seeking || this.exhausted) return;
    const end = endOfGap(this.fragments(), video.currentTime + 0.3);
    if (end === null) return;
    if (end === Infinity) this.exhausted = true;
    else video.currentTime = end + 0.05;
    if (this.wanted !== null) this.wanted = instantAt(this.fragments(), video.currentTime);
  }

  private fragments(): readonly DatedFragment[] {
    return this.hls?.latestLevelDetails?.fragments ?? [];
  }

  private onError(data: ErrorData): void {
    const status = data.response?.code ?? 0;
    const { undecodable } = this;
    const unconverted = undecodable === null ? null : whyNotConverted(status, undecodable);
    if (unconverted !== null) this.waitForRoom(unconverted);
    else if (data.type === ErrorTypes.NETWORK_ERROR && refusesTicket(status, this.renewed)) this.retry(true);
    else if (data.type === ErrorTypes.NETWORK_ERROR && status === 403) this.give({ kind: 'denied' });
    else if (status === 404 && data.details === ErrorDetails.MANIFEST_LOAD_ERROR) this.give({ kind: 'gone' });
    else if (isCodecError(data)) this.convert(codecAt(data, this.hls?.levels[0]));
    else if (data.fatal) this.retry(false);
  }

  /** Asks for what this browser cannot decode as something that it can; once. */
  private convert(codec: string): void {
    if (this.undecodable !== null) {
      this.give({ kind: 'unplayable', codec, crowded: false });
      return;
    }
    this.undecodable = codec;
    this.wanted ??= this.instant();
    void this.open(false);
  }

  private waitForRoom(state: PlayerState): void {
    const at = this.wanted ?? this.instant();
    this.give(state);
    this.wanted = at;
    this.retryTimer = setTimeout(() => void this.open(false), LOOK_AGAIN_MS);
  }

  private refused(error: unknown): void {
    if (isForbidden(error)) this.give({ kind: 'denied' });
    else if (error instanceof Problem && error.status === 404) this.give({ kind: 'gone' });
    else this.retry(false);
  }

  /** What trying again will not change. */
  private give(state: PlayerState): void {
    this.close();
    this.wanted = null;
    this.setState(state);
  }

  private retry(renew: boolean): void {
    this.wanted ??= this.instant();
    this.close();
    this.setState({ kind: 'reconnecting' });
    const delay = renew && this.attempt === 0 ? 0 : backoff(this.attempt);
    this.attempt += 1;
    this.retryTimer = setTimeout(() => void this.open(renew), delay);
  }

  private setState(state: PlayerState): void {
    if (sameState(state, this.state)) return;
    this.state = state;
    this.options.onState(state);
  }
}

function playlistFor(speed: number): Playlist {
  return speed > ALL_PICTURES_SPEED ? 'vod.iframes.m3u8' : 'vod.m3u8';
}
