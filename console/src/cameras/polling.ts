/** Milliseconds between two reads of the states: 5 s, and 5 s more for each further thousand cameras (a page). */
export function pollInterval(cameras: number): number {
  return 5000 * Math.max(1, Math.ceil(cameras / 1000));
}
