import type { Problem } from '../api/problem';
import type { Rendition } from './rendition';

/** Who gets tickets for the wall: LiveTickets in api. */
export interface WallTickets {
  get: (camera: string) => Promise<{ ticket: string; watermark?: string }>;
  drop: (camera: string) => void;
  revive: (camera: string) => Promise<void>;
}

/** One watched camera, and what it hears. */
export interface WatchListener {
  /** A ticket was given: what is to be drawn over the picture, empty for nothing. */
  onTicket: (watermark: string) => void;
  /** False when these codecs cannot be played: `onUseless` follows. */
  onDescribed: (codecs: string) => boolean;
  /** A rendition that was asked for is not to be had, or holds codecs that cannot be played. What was shown before it
   * goes on; where nothing was, nothing comes until another one is asked for. */
  onUseless: (rendition: Rendition, why: Problem | { codecs: string }) => void;
  onInit: (bytes: Uint8Array<ArrayBuffer>) => void;
  onFragment: (bytes: Uint8Array<ArrayBuffer>) => void;
  onDiscontinuity: () => void;
  /** The pictures have ended. `final`: trying again is the person's matter, else it is tried again. */
  onProblem: (problem: Problem, final: boolean) => void;
  /** No way to the gateway; what is shown may stay. */
  onLost: () => void;
}

export interface Watch {
  /** With its sound or without, from the newest key frame on. */
  hear: (audible: boolean) => void;
  /** In another rendition. What is shown goes on until that one's first picture has come. */
  show: (rendition: Rendition) => void;
  /** Now, whatever went wrong before: with another ticket if that was refused. */
  again: () => void;
  stop: () => void;
}
