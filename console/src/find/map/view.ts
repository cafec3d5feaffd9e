import { metresPerUnit, placeOf, type Point } from './geo';

/** What of the map is seen: the point in the middle, and how many px the whole square would be wide. */
export interface View {
  centre: Point;
  scale: number;
}
/** px */
export interface Size {
  width: number;
  height: number;
}

const SMALLEST_SCALE = 512;
/** About 2 cm a px: cameras at one crossing come apart. */
export const LARGEST_SCALE = 2 ** 31;
/** Around a single camera: about 600 m over 1,000 px. */
const CLOSE_SCALE = 2 ** 26;

export function toScreen(view: View, size: Size, point: Point): Point {
  return {
    x: size.width / 2 + (point.x - view.centre.x) * view.scale,
    y: size.height / 2 + (point.y - view.centre.y) * view.scale,
  };
}

export function toPoint(view: View, size: Size, screen: Point): Point {
  return {
    x: view.centre.x + (screen.x - size.width / 2) / view.scale,
    y: view.centre.y + (screen.y - size.height / 2) / view.scale,
  };
}

export function panned(view: View, right: number, down: number): View {
  const { x, y } = view.centre;
  return { ...view, centre: { x: unit(x - right / view.scale), y: unit(y - down / view.scale) } };
}

/** Zoomed so that what is at `fixed` on the screen stays there. */
export function zoomed(view: View, size: Size, fixed: Point, factor: number): View {
  const scale = Math.max(SMALLEST_SCALE, Math.min(LARGEST_SCALE, view.scale * factor));
  const under = toPoint(view, size, fixed);
  return {
    scale,
    centre: {
      x: unit(under.x - (fixed.x - size.width / 2) / scale),
      y: unit(under.y - (fixed.y - size.height / 2) / scale),
    },
  };
}

/** The view that shows all points with some room around; null when there are none. */
export function fitted(points: readonly Point[], size: Size): View | null {
  if (points.length === 0) return null;
  let [west, east, north, south] = [1, 0, 1, 0];
  for (const { x, y } of points) {
    west = Math.min(west, x);
    east = Math.max(east, x);
    north = Math.min(north, y);
    south = Math.max(south, y);
  }
  const room = (length: number) => Math.max(40, length - 120);
  const scale = Math.min(
    room(size.width) / Math.max(east - west, 1e-12),
    room(size.height) / Math.max(south - north, 1e-12),
    CLOSE_SCALE,
  );
  return {
    centre: { x: (west + east) / 2, y: (north + south) / 2 },
    scale: Math.max(SMALLEST_SCALE, scale),
  };
}

export interface ScaleBar {
  metres: number;
  px: number;
}

/** The longest of 1, 2 or 5 times a power of ten metres that is no wider than `most` px. */
export function scaleBar(view: View, most: number): ScaleBar {
  const perPx = metresPerUnit(placeOf(view.centre).latitude) / view.scale;
  const longest = most * perPx;
  const power = 10 ** Math.floor(Math.log10(longest));
  const metres = power * (longest >= 5 * power ? 5 : longest >= 2 * power ? 2 : 1);
  return { metres, px: metres / perPx };
}

function unit(value: number): number {
  return Math.max(0, Math.min(1, value));
}
