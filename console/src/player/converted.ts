import type { PlayerState } from './playerState';

/** Room for another conversion is looked for after so long. */
export const LOOK_AGAIN_MS = 15_000;

/**
 * What it means that the media path refused pictures that it encodes anew; null: no more than of any others.
 * `live`: it is their live playlist, which there is none of where the platform converts nothing.
 */
export function whyNotConverted(status: number, codec: string, live = false): PlayerState | null {
  if (status === 429) return { kind: 'unplayable', codec, crowded: true };
  // 412: these pictures cannot be converted.
  if (status === 412 || (live && status === 404)) return { kind: 'unplayable', codec, crowded: false };
  return null;
}
