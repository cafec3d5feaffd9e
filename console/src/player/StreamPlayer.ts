import Hls, { ErrorDetails, ErrorTypes, Events, type ErrorData } from 'hls.js/light';
import { isForbidden, Problem } from '../api/problem';
import { backoff } from './backoff';
import { codecName } from './codecs';
import { LIVE_CONFIG, RECORDED_CONFIG } from './config';
import { endOfGap, instantAt, positionOf, type DatedFragment } from './wallclock';

export type PlayerState =
  | { kind: 'loading' }
  | { kind: 'playing' }
  | { kind: 'reconnecting' }
  | { kind: 'ended' }
  | { kind: 'unplayable'; codec: string }
  | { kind: 'denied' }
  | { kind: 'gone' }
  | { kind: 'unsupported' };

export interface StreamOptions {
  video: HTMLVideoElement;
  live: boolean;
  /** The playlist to open. `renew`: the media path refused the last ticket. `from`: where a broken-off playback goes on. */
  open: (renew: boolean, from: number | null) => Promise<string>;
  /** Recorded only: the instant to begin with, epoch milliseconds. */
  startAt?: number;
  /** Recorded only: how fast it plays, 1 is real time. */
  rate?: number;
  onState: (state: PlayerState) => void;
  /** Wall time of the picture shown, epoch milliseconds, a few times a second while it changes. */
  onInstant: (instant: number) => void;
}

const TICK_MS = 250;
/** A picture that stands still this long is shown as lost, and later opened anew. */
const STALLED_MS = 4000;
const REOPEN_MS = 20_000;

/** One video element fed by hls.js, kept playing through lost networks, idle tickets and decoder errors. */
export class StreamPlayer {
  private hls: Hls | null = null;
  private readonly options: StreamOptions;
  private stopped = false;
  private attempt = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly ticker: ReturnType<typeof setInterval>;
  private instant: number | null = null;
  private seekTo: number | null;
  private position = -1;
  private movedAt = performance.now();
  private recoveredAt = -Infinity;
  private state: PlayerState = { kind: 'loading' };

  constructor(options: StreamOptions) {
    this.options = options;
    this.seekTo = options.startAt ?? null;
    this.ticker = setInterval(this.tick, TICK_MS);
    options.video.addEventListener('ended', this.onEnded);
    this.setRate(options.rate ?? 1);
    if (Hls.isSupported()) void this.open(false);
    else this.setState({ kind: 'unsupported' });
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.ticker);
    this.options.video.removeEventListener('ended', this.onEnded);
    this.close();
  }

  setRate(rate: number): void {
    // Attaching a source resets the rate to the default one, so both are set.
    this.options.video.defaultPlaybackRate = rate;
    this.options.video.playbackRate = rate;
  }

  /** Moves to an instant inside the open playlist. False when it lies outside. */
  seek(instant: number): boolean {
    const position = positionOf(this.fragments(), instant);
    if (position === null) return false;
    this.options.video.currentTime = position;
    this.movedAt = performance.now();
    return true;
  }

  private async open(renew: boolean): Promise<void> {
    this.close();
    let url: string;
    try {
      url = await this.options.open(renew, this.instant);
    } catch (error) {
      if (!this.stopped) this.refused(error);
      return;
    }
    if (this.stopped) return;
    const { video, live } = this.options;
    const hls = new Hls(live ? LIVE_CONFIG : RECORDED_CONFIG);
    this.hls = hls;
    this.movedAt = performance.now();
    hls.on(Events.ERROR, (_event, data) => this.onError(data));
    hls.on(Events.MEDIA_ATTACHED, () => hls.loadSource(url));
    hls.on(Events.FRAG_BUFFERED, this.onBuffered);
    hls.attachMedia(video);
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    this.hls?.destroy();
    this.hls = null;
  }

  private onBuffered = (): void => {
    const { video } = this.options;
    if (this.seekTo !== null) {
      const position = positionOf(this.fragments(), this.seekTo);
      this.seekTo = null;
      if (position !== null && position > video.currentTime) video.currentTime = position;
    }
    if (this.state.kind === 'loading' || this.state.kind === 'reconnecting') {
      video.play().catch(() => undefined); // Autoplay refused: the picture stands and the person presses play.
    }
  };

  private onEnded = (): void => this.setState({ kind: 'ended' });

  private onError(data: ErrorData): void {
    const status = data.response?.code ?? 0;
    if (data.type === ErrorTypes.NETWORK_ERROR && (status === 401 || status === 410)) {
      this.retry(true);
    } else if (data.type === ErrorTypes.NETWORK_ERROR && status === 403) {
      this.give({ kind: 'denied' });
    } else if (status === 404 && !this.options.live && data.details === ErrorDetails.MANIFEST_LOAD_ERROR) {
      this.give({ kind: 'gone' });
    } else if (isCodecError(data)) {
      this.give({ kind: 'unplayable', codec: this.codecOf(data) });
    } else if (
      data.fatal &&
      data.type === ErrorTypes.MEDIA_ERROR &&
      performance.now() - this.recoveredAt > 60_000
    ) {
      this.recoveredAt = performance.now();
      this.hls?.recoverMediaError();
    } else if (data.fatal) {
      this.retry(false);
    }
  }

  private codecOf(data: ErrorData): string {
    const levels = this.hls?.levels ?? [];
    return codecName(data.mimeType ?? levels[0]?.attrs.CODECS ?? levels[0]?.videoCodec ?? 'H.265');
  }

  private refused(error: unknown): void {
    if (isForbidden(error)) this.give({ kind: 'denied' });
    else if (error instanceof Problem && error.status === 404) this.give({ kind: 'gone' });
    else this.retry(false);
  }

  /** What trying again will not change. */
  private give(state: PlayerState): void {
    this.close();
    this.setState(state);
  }

  private retry(renew: boolean): void {
    this.close();
    if (this.state.kind !== 'loading' || this.attempt > 0) this.setState({ kind: 'reconnecting' });
    this.seekTo = this.options.live ? null : (this.instant ?? this.options.startAt ?? null);
    // A refused ticket is replaced at once the first time; a server that refuses each new one gets the backoff.
    const delay = renew && this.attempt === 0 ? 0 : backoff(this.attempt);
    this.attempt += 1;
    this.retryTimer = setTimeout(() => void this.open(renew), delay);
  }

  private tick = (): void => {
    const { video, onInstant } = this.options;
    const now = performance.now();
    if (this.hls === null) return;
    if (video.currentTime !== this.position) {
      this.position = video.currentTime;
      this.movedAt = now;
      const instant = instantAt(this.fragments(), video.currentTime);
      if (
        instant !== null &&
        video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA &&
        this.seekTo === null
      ) {
        this.instant = instant;
        this.attempt = 0;
        this.setState({ kind: 'playing' });
        onInstant(instant);
      }
    }
    this.leaveGap();
    if (video.paused || video.ended || video.seeking) return;
    const still = now - this.movedAt;
    if (still > REOPEN_MS) this.retry(false);
    else if (still > STALLED_MS && this.state.kind === 'playing') this.setState({ kind: 'reconnecting' });
  };

  /** With `gaps=show` a gap has its length in media time; nobody wants to sit through it. */
  private leaveGap(): void {
    const { video, live } = this.options;
    if (live || video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
    const end = endOfGap(this.fragments(), video.currentTime + 0.3);
    if (end === Infinity) this.give({ kind: 'ended' });
    else if (end !== null) video.currentTime = end + 0.05;
  }

  private fragments(): readonly DatedFragment[] {
    return this.hls?.latestLevelDetails?.fragments ?? [];
  }

  private setState(state: PlayerState): void {
    if (state.kind === this.state.kind && state.kind !== 'unplayable') return;
    this.state = state;
    this.options.onState(state);
  }
}

function isCodecError(data: ErrorData): boolean {
  return (
    data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
    data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR ||
    data.details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR
  );
}
