/** What a picture of a camera's day is doing. */
export type PlayerState =
  | { kind: 'loading' }
  /** `converted`: what the camera's codec was encoded anew as; null where it is shown as it is. */
  | { kind: 'playing'; converted: string | null }
  | { kind: 'reconnecting' }
  /** `crowded`: the platform could convert it, and has no room for that now. */
  | { kind: 'unplayable'; codec: string; crowded: boolean }
  /** Key frames alone are shown as the camera made them, and this browser cannot decode those. */
  | { kind: 'tooFast'; codec: string }
  | { kind: 'denied' }
  | { kind: 'gone' }
  | { kind: 'unsupported' };

export function sameState(a: PlayerState, b: PlayerState): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
