export const TILES = 4;

export interface WallLayout {
  size: 1 | 4;
  /** Camera resource names; null is an empty tile. Always `TILES` long, whatever is shown. */
  tiles: (string | null)[];
  selected: number;
}

export const EMPTY_LAYOUT: WallLayout = { size: 4, tiles: [null, null, null, null], selected: 0 };

/** Indices of the tiles on screen: one picture shows the selected tile. */
export function shownTiles(layout: WallLayout): number[] {
  return layout.size === 1 ? [layout.selected] : layout.tiles.map((_, index) => index);
}

/** Puts a camera into a tile; if it is already elsewhere on the wall it moves, and what was there changes places. */
export function place(layout: WallLayout, index: number, camera: string): WallLayout {
  const tiles = [...layout.tiles];
  const before = tiles.indexOf(camera);
  if (before !== -1) tiles[before] = tiles[index] ?? null;
  tiles[index] = camera;
  return { ...layout, tiles, selected: index };
}

/** A click in the list fills the selected tile, then selects the next empty one, so that four clicks fill the wall. */
export function placeNext(layout: WallLayout, camera: string): WallLayout {
  const placed = place(layout, layout.selected, camera);
  if (layout.size === 1) return placed;
  const order = placed.tiles.map((_, step) => (layout.selected + step) % placed.tiles.length);
  const next = order.find((index) => placed.tiles[index] === null);
  return next === undefined ? placed : { ...placed, selected: next };
}

export function clearTile(layout: WallLayout, index: number): WallLayout {
  return {
    ...layout,
    tiles: layout.tiles.map((camera, at) => (at === index ? null : camera)),
    selected: index,
  };
}

/** Fills empty tiles with cameras that are not on the wall yet. */
export function fill(layout: WallLayout, cameras: readonly string[]): WallLayout {
  const fresh = cameras.filter((camera) => !layout.tiles.includes(camera));
  return { ...layout, tiles: layout.tiles.map((camera) => camera ?? fresh.shift() ?? null) };
}

/** Reads what an earlier visit stored; anything that is not a layout is the empty wall. */
export function parseLayout(text: string | null): WallLayout {
  let value: unknown;
  try {
    value = JSON.parse(text ?? 'null');
  } catch {
    return EMPTY_LAYOUT;
  }
  if (typeof value !== 'object' || value === null) return EMPTY_LAYOUT;
  const { size, tiles, selected } = value as Record<string, unknown>;
  const isTile = (tile: unknown): tile is string | null => tile === null || typeof tile === 'string';
  if (!Array.isArray(tiles) || tiles.length !== TILES || !tiles.every(isTile)) return EMPTY_LAYOUT;
  return {
    size: size === 1 ? 1 : 4,
    tiles,
    selected: typeof selected === 'number' && selected in tiles ? selected : 0,
  };
}
