import Hls, { ErrorDetails, ErrorTypes, Events, type ErrorData } from 'hls.js/light';
import { isForbidden, Problem } from '../api/problem';
import type { Encoding } from '../api/tickets';
import { backoff } from './backoff';
import { codecAt, isCodecError } from './codecErrors';
import { LIVE_CONFIG } from './config';
import { LOOK_AGAIN_MS, whyNotConverted } from './converted';
import { sameState, type PlayerState } from './playerState';
import { refusesTicket } from './refusals';
import { instantAt, type DatedFragment } from './wallclock';

export interface StreamOptions {
  video: HTMLVideoElement;
  /** The playlist to open. `renew`: the media path refused the last ticket. */
  open: (renew: boolean, encoding: Encoding) => Promise<string>;
  onState: (state: PlayerState) => void;
  /** Wall time of the picture shown, epoch milliseconds, a few times a second while it changes. */
  onInstant: (instant: number) => void;
}

const TICK_MS = 250;
/** A picture that stands still this long is shown as lost, and later opened anew. */
const STALLED_MS = 4000;
const REOPEN_MS = 20_000;

/** A live picture in a video element fed by hls.js, kept playing through lost networks, idle tickets and decoder errors. */
export class StreamPlayer {
  private hls: Hls | null = null;
  private readonly options: StreamOptions;
  private stopped = false;
  private attempt = 0;
  /** The ticket is a new one: what refuses it too has a reason that another would not change. */
  private renewed = false;
  /** The camera's codec, where this browser cannot decode it: then it is to come as H.264. */
  private undecodable: string | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly ticker: ReturnType<typeof setInterval>;
  private position = -1;
  private movedAt = performance.now();
  private recoveredAt = -Infinity;
  private state: PlayerState = { kind: 'loading' };

  constructor(options: StreamOptions) {
    this.options = options;
    this.ticker = setInterval(this.tick, TICK_MS);
    // The element may have played the past at another speed.
    options.video.defaultPlaybackRate = options.video.playbackRate = 1;
    if (Hls.isSupported()) void this.open(false);
    else this.setState({ kind: 'unsupported' });
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.ticker);
    this.close();
  }

  private async open(renew: boolean): Promise<void> {
    this.close();
    this.renewed ||= renew;
    let url: string;
    try {
      url = await this.options.open(renew, this.undecodable === null ? 'own' : 'h264');
    } catch (error) {
      if (!this.stopped) this.refused(error);
      return;
    }
    if (this.stopped) return;
    const hls = new Hls(LIVE_CONFIG);
    this.hls = hls;
    this.movedAt = performance.now();
    hls.on(Events.ERROR, (_event, data) => this.onError(data));
    hls.on(Events.MEDIA_ATTACHED, () => hls.loadSource(url));
    hls.on(Events.FRAG_BUFFERED, this.onBuffered);
    hls.attachMedia(this.options.video);
  }

  private close(): void {
    clearTimeout(this.retryTimer);
    this.hls?.destroy();
    this.hls = null;
  }

  private onBuffered = (): void => {
    if (this.state.kind === 'loading' || this.state.kind === 'reconnecting') {
      this.options.video.play().catch(() => undefined); // Autoplay refused: the picture stands and the person presses play.
    }
  };

  private onError(data: ErrorData): void {
    const status = data.response?.code ?? 0;
    const { undecodable } = this;
    const isPlaylist = data.details === ErrorDetails.MANIFEST_LOAD_ERROR;
    const unconverted = undecodable === null ? null : whyNotConverted(status, undecodable, isPlaylist);
    if (unconverted !== null) {
      this.give(unconverted);
      this.retryTimer = setTimeout(() => void this.open(false), LOOK_AGAIN_MS);
    } else if (data.type === ErrorTypes.NETWORK_ERROR && refusesTicket(status, this.renewed)) {
      this.retry(true);
    } else if (data.type === ErrorTypes.NETWORK_ERROR && status === 403) {
      this.give({ kind: 'denied' });
    } else if (isCodecError(data) && undecodable === null) {
      this.undecodable = codecAt(data, this.hls?.levels[0]);
      void this.open(false);
    } else if (isCodecError(data)) {
      this.give({ kind: 'unplayable', codec: codecAt(data, this.hls?.levels[0]), crowded: false });
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
      if (instant !== null && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        this.attempt = 0;
        this.renewed = false;
        this.setState({ kind: 'playing', converted: this.undecodable === null ? null : 'H.264' });
        onInstant(instant);
      }
    }
    if (video.paused || video.ended || video.seeking) return;
    const still = now - this.movedAt;
    if (still > REOPEN_MS) this.retry(false);
    else if (still > STALLED_MS && this.state.kind === 'playing') this.setState({ kind: 'reconnecting' });
  };

  private fragments(): readonly DatedFragment[] {
    return this.hls?.latestLevelDetails?.fragments ?? [];
  }

  private setState(state: PlayerState): void {
    if (sameState(state, this.state)) return;
    this.state = state;
    this.options.onState(state);
  }
}
