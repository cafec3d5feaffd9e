import { Problem } from '../api/problem';
import { backoff } from './backoff';

interface NativeLiveOptions {
  video: HTMLVideoElement;
  /** The playlist's address, with a fresh ticket. */
  playlist: () => Promise<string>;
  onPicture: (instant: number | null) => void;
  onStall: () => void;
  /** `final`: trying again is the person's matter. */
  onRefused: (problem: Problem, final: boolean) => void;
}

/** Safari tells the wall time of media position 0 of an HLS stream. */
type DatedVideo = HTMLVideoElement & { getStartDate?: () => Date };

const TICK_MS = 1000;
const REOPEN_MS = 10_000;

/** Plays the live HLS playlist where the browser takes nothing but an address: iPhones of before iOS 17.1. */
export class NativeLive {
  private readonly options: NativeLiveOptions;
  private readonly ticker: ReturnType<typeof setInterval>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private attempt = 0;
  private position = -1;
  private movedAt = performance.now();

  constructor(options: NativeLiveOptions) {
    this.options = options;
    options.video.addEventListener('error', this.retry);
    this.ticker = setInterval(this.tick, TICK_MS);
    this.again();
  }

  again(): void {
    clearTimeout(this.timer);
    this.movedAt = performance.now();
    this.options.playlist().then(
      (url) => {
        if (this.stopped) return;
        this.options.video.src = url;
        this.options.video.play().catch(() => undefined);
      },
      (error: unknown) => {
        if (this.stopped) return;
        const final = error instanceof Problem && (error.status === 403 || error.status === 404);
        if (error instanceof Problem) this.options.onRefused(error, final);
        if (!final) this.retry();
      },
    );
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.ticker);
    clearTimeout(this.timer);
    this.options.video.removeEventListener('error', this.retry);
    this.options.video.removeAttribute('src');
    this.options.video.load();
  }

  private retry = (): void => {
    clearTimeout(this.timer);
    this.options.onStall();
    this.timer = setTimeout(() => this.again(), backoff(this.attempt));
    this.attempt += 1;
    this.movedAt = performance.now() + backoff(this.attempt);
  };

  private tick = (): void => {
    const video: DatedVideo = this.options.video;
    if (video.currentTime !== this.position) {
      this.position = video.currentTime;
      this.movedAt = performance.now();
      this.attempt = 0;
      const start = video.getStartDate?.().getTime() ?? NaN;
      this.options.onPicture(Number.isNaN(start) ? null : start + video.currentTime * 1000);
    } else if (performance.now() - this.movedAt > REOPEN_MS) this.retry();
  };
}
