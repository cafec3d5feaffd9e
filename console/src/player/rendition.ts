/** In which of a camera's renditions its live picture is shown (docs/renditions.md). */
export type Rendition = 'main' | 'sub' | 'h264';

export interface Wish {
  /** The picture is small: one of many on a wall. */
  small: boolean;
  /** The camera has a sub stream. */
  hasSub: boolean;
}

/** What to ask for: the best that is not known to be of no use here; null when nothing is left. */
export function choose({ small, hasSub }: Wish, useless: ReadonlySet<Rendition>): Rendition | null {
  const main: Rendition[] = ['main', 'h264'];
  const sub: Rendition[] = hasSub ? ['sub'] : [];
  const order = small ? [...sub, ...main] : [...main, ...sub];
  return order.find((rendition) => !useless.has(rendition)) ?? null;
}
