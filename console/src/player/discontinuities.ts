const TAG = /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/m;

/**
 * Counts a playlist's discontinuities from the first one seen instead of from the server's number. hls.js walks
 * an array as long as that number at each refresh, which stops the page for a number the size of a Unix time;
 * only differences matter to a player (RFC 8216, 4.3.3.3).
 */
export function discontinuityRebaser(): (playlist: string) => string {
  let base: number | null = null;
  return (playlist) =>
    playlist.replace(TAG, (_tag, digits: string) => {
      const sequence = Number(digits);
      base ??= sequence;
      return `#EXT-X-DISCONTINUITY-SEQUENCE:${Math.max(0, sequence - base)}`;
    });
}
