import { Problem } from '../api/problem';
import { backoff } from './backoff';
import { isFinal } from './refusals';

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
  /** Counts what was asked for, so that an answer that comes late is told apart. */
  private asked = 0;
  /** An address is being played or is on its way; else it was refused, or its turn comes. */
  private active = false;
  private attempt = 0;
  private position = -1;
  private movedAt = performance.now();

  constructor(options: NativeLiveOptions) {
    this.options = options;
    options.video.addEventListener('error', this.failed);
    this.ticker = setInterval(this.tick, TICK_MS);
    this.again();
  }

  again(): void {
    clearTimeout(this.timer);
    this.active = true;
    this.movedAt = performance.now();
    this.asked += 1;
    const turn = this.asked;
    this.options.playlist().then(
      (url) => {
        if (turn !== this.asked) return;
        this.movedAt = performance.now();
        this.options.video.src = url;
        this.play();
      },
      (error: unknown) => {
        if (turn === this.asked) this.refused(error);
      },
    );
  }

  stop(): void {
    clearInterval(this.ticker);
    this.options.video.removeEventListener('error', this.failed);
    this.close();
  }

  /** Shows nothing any more, and waits for nothing. */
  private close(): void {
    clearTimeout(this.timer);
    this.asked += 1;
    this.active = false;
    this.options.video.removeAttribute('src');
    this.options.video.load();
  }

  private refused(error: unknown): void {
    const final = isFinal(error);
    if (final) this.close(); // Not a picture more without the right to it.
    if (error instanceof Problem) this.options.onRefused(error, final);
    if (!final) this.retry();
  }

  private failed = (): void => {
    if (this.active) this.retry();
  };

  private retry(): void {
    clearTimeout(this.timer);
    this.active = false;
    this.options.onStall();
    this.timer = setTimeout(() => this.again(), backoff(this.attempt));
    this.attempt += 1;
  }

  private tick = (): void => {
    const video: DatedVideo = this.options.video;
    if (!this.active) return;
    if (video.currentTime !== this.position) {
      this.position = video.currentTime;
      this.movedAt = performance.now();
      this.attempt = 0;
      const start = video.getStartDate?.().getTime() ?? NaN;
      this.options.onPicture(Number.isNaN(start) ? null : start + video.currentTime * 1000);
    } else if (video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.movedAt = performance.now();
      this.play(); // The browser wants a gesture first: another ticket would be no help.
    } else if (performance.now() - this.movedAt > REOPEN_MS) this.retry();
  };

  private play(): void {
    this.options.video.play().catch(() => undefined);
  }
}
