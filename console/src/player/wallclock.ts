/** What of an HLS fragment ties media time (seconds) to wall time (epoch milliseconds). */
export interface DatedFragment {
  start: number;
  duration: number;
  programDateTime: number | null;
  /** EXT-X-GAP: it has a length and no media. */
  gap?: boolean;
}

/** Wall time of a media position, by the fragment that holds it, else the nearest dated one before it. */
export function instantAt(fragments: readonly DatedFragment[], position: number): number | null {
  let nearest: DatedFragment | null = null;
  for (const fragment of fragments) {
    if (fragment.programDateTime === null) continue;
    if (nearest !== null && fragment.start > position) break;
    nearest = fragment;
  }
  if (nearest === null || nearest.programDateTime === null) return null;
  return Math.round(nearest.programDateTime + (position - nearest.start) * 1000);
}

/** Media position of an instant; inside a hole of compressed footage the first picture after it. Null when outside. */
export function positionOf(fragments: readonly DatedFragment[], instant: number): number | null {
  for (const fragment of fragments) {
    if (fragment.programDateTime === null) continue;
    const offset = (instant - fragment.programDateTime) / 1000;
    if (offset >= fragment.duration) continue;
    if (offset >= 0) return fragment.start + offset;
    return fragment === fragments[0] ? null : fragment.start;
  }
  return null;
}

/** The end of the gap the position lies in, Infinity when nothing follows it; null when the position is in footage. */
export function endOfGap(fragments: readonly DatedFragment[], position: number): number | null {
  let inGap = false;
  for (const fragment of fragments) {
    if (position >= fragment.start + fragment.duration) continue;
    if (!inGap && position < fragment.start) return null;
    if (fragment.gap !== true) return inGap ? fragment.start : null;
    inGap = true;
  }
  return inGap ? Infinity : null;
}
