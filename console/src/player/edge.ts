/** Seconds between the picture shown and the newest one loaded that a live picture keeps to. */
export const WANTED_S = 0.8;
const BEHIND_S = 1.4;
const FAR_BEHIND_S = 1.8;
const LOST_S = 4;

export type Pace = { kind: 'rate'; rate: number } | { kind: 'jump' };

/**
 * How fast to play, by the distance to the edge (seconds) and the rate so far. Fragments arrive half a second
 * at a time, so a rate once raised is kept until the wanted distance is reached, and does not swing.
 */
export function paceOf(distance: number, rate: number): Pace {
  if (distance > LOST_S) return { kind: 'jump' };
  if (distance > FAR_BEHIND_S) return { kind: 'rate', rate: 1.2 };
  if (distance > BEHIND_S) return { kind: 'rate', rate: Math.max(rate, 1.05) };
  return { kind: 'rate', rate: distance > WANTED_S ? rate : 1 };
}
