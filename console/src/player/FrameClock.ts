const USUAL_FRAME_S = 1 / 25;
const REMEMBERED = 12;

/** Knows which frame a video shows and how long frames last, where the browser tells (requestVideoFrameCallback). */
export class FrameClock {
  private readonly video: HTMLVideoElement;
  private handle: number | null = null;
  private shown: number | null = null;
  private readonly lengths: number[] = [];

  constructor(video: HTMLVideoElement) {
    this.video = video;
    this.listen();
  }

  stop(): void {
    if (this.handle !== null) this.video.cancelVideoFrameCallback(this.handle);
  }

  /** Where to seek, s of media time, to show the next frame or the one before. */
  beside(direction: -1 | 1): number {
    return besideFrame(this.shown ?? this.video.currentTime, this.frameLength(), direction);
  }

  private frameLength(): number {
    return this.lengths.length === 0 ? USUAL_FRAME_S : median(this.lengths);
  }

  private listen(): void {
    if (typeof this.video.requestVideoFrameCallback !== 'function') return;
    this.handle = this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      const length = mediaTime - (this.shown ?? mediaTime);
      // Seeks and dropped frames are no measure.
      if (length > 0.005 && length < 0.25) this.lengths.push(length);
      if (this.lengths.length > REMEMBERED) this.lengths.shift();
      this.shown = mediaTime;
      this.listen();
    });
  }
}

/** The middle of the frame beside the one that begins at `mediaTime`, so that rounding cannot miss it. */
export function besideFrame(mediaTime: number, length: number, direction: -1 | 1): number {
  return Math.max(0, mediaTime + length * (direction > 0 ? 1.5 : -0.5));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? USUAL_FRAME_S;
}
