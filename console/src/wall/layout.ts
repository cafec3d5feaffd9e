export const SIZES = [1, 4, 9, 16, 25] as const;
export type WallSize = (typeof SIZES)[number];
export const TILES = 25;

export interface WallLayout {
  size: WallSize;
  /** Camera resource names; null is an empty tile. Always `TILES` long, so that a smaller wall forgets nothing. */
  tiles: (string | null)[];
  selected: number;
}

export const EMPTY_LAYOUT: WallLayout = { size: 4, tiles: Array<null>(TILES).fill(null), selected: 0 };

/** Indices of the tiles on screen: one picture shows the selected tile. */
export function shownTiles({ size, selected }: WallLayout): number[] {
  return size === 1 ? [selected] : Array.from({ length: size }, (_, index) => index);
}

export function resize(layout: WallLayout, size: WallSize): WallLayout {
  return { ...layout, size, selected: size === 1 || layout.selected < size ? layout.selected : 0 };
}

/** Puts a camera into a tile; if it is already elsewhere on the wall it moves, and what was there changes places. */
export function place(layout: WallLayout, index: number, camera: string): WallLayout {
  const tiles = [...layout.tiles];
  const before = tiles.indexOf(camera);
  if (before !== -1) tiles[before] = tiles[index] ?? null;
  tiles[index] = camera;
  return { ...layout, tiles, selected: index };
}

/** A click in the list fills the selected tile, then selects the next empty one, so that clicks fill the wall. */
export function placeNext(layout: WallLayout, camera: string): WallLayout {
  const placed = place(layout, layout.selected, camera);
  if (layout.size === 1) return placed;
  const order = shownTiles(layout).map((_, step) => (layout.selected + step) % layout.size);
  const next = order.find((index) => placed.tiles[index] === null);
  return next === undefined ? placed : { ...placed, selected: next };
}

/** Changes places with the tile beside, above or below; at the edge of the wall nothing happens. */
export function move(layout: WallLayout, index: number, columns: number, rows: number): WallLayout {
  const target = neighbour(layout.size, index, columns, rows);
  if (target === null) return layout;
  const tiles = [...layout.tiles];
  [tiles[index], tiles[target]] = [tiles[target] ?? null, tiles[index] ?? null];
  return { ...layout, tiles, selected: target };
}

/** The tile so many columns and rows away; null outside the wall. */
export function neighbour(size: WallSize, index: number, columns: number, rows: number): number | null {
  const width = Math.sqrt(size);
  const column = (index % width) + columns;
  const row = Math.floor(index / width) + rows;
  return column < 0 || row < 0 || column >= width || row >= width ? null : row * width + column;
}

export function clearTile(layout: WallLayout, index: number): WallLayout {
  return {
    ...layout,
    tiles: layout.tiles.map((camera, at) => (at === index ? null : camera)),
    selected: index,
  };
}

/** Fills empty tiles on screen with cameras that are not on the wall yet. */
export function fill(layout: WallLayout, cameras: readonly string[]): WallLayout {
  const fresh = cameras.filter((camera) => !layout.tiles.includes(camera));
  const shown = new Set(shownTiles(layout));
  return {
    ...layout,
    tiles: layout.tiles.map((camera, index) =>
      camera === null && shown.has(index) ? (fresh.shift() ?? null) : camera,
    ),
  };
}

/** The cameras on screen, as a layout is saved: as many as its size. */
export function shownCameras(layout: WallLayout): (string | null)[] {
  return shownTiles(layout).map((index) => layout.tiles[index] ?? null);
}

/** The wall of a saved layout; null when its number of tiles is none of the sizes. */
export function layoutOf(cameras: readonly (string | null)[]): WallLayout | null {
  const size = SIZES.find((each) => each === cameras.length);
  if (size === undefined) return null;
  return { size, tiles: EMPTY_LAYOUT.tiles.map((_, index) => cameras[index] ?? null), selected: 0 };
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
  if (!Array.isArray(tiles) || tiles.length > TILES || !tiles.every(isTile)) return EMPTY_LAYOUT;
  const known = SIZES.find((each) => each === size) ?? EMPTY_LAYOUT.size;
  const layout = {
    size: known,
    tiles: EMPTY_LAYOUT.tiles.map((_, index) => tiles[index] ?? null),
    selected: typeof selected === 'number' && selected in EMPTY_LAYOUT.tiles ? selected : 0,
  };
  return resize(layout, known);
}
