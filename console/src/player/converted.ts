import type { PlayerState } from './playerState';

/** Room for another conversion is looked for after so long. */
export const LOOK_AGAIN_MS = 15_000;

/** What it means that the media path refused pictures that it encodes anew; null: no more than of any others. */
export function whyNotConverted(status: number, codec: string): PlayerState | null {
  if (status === 429) return { kind: 'unplayable', codec, crowded: true };
  // 404: the platform converts nothing. 412: these pictures cannot be converted.
  if (status === 404 || status === 412) return { kind: 'unplayable', codec, crowded: false };
  return null;
}
