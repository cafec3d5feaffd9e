import type { Camera, Region } from '../../api/types';
import { project, type Point } from './geo';
import { toScreen, type Size, type View } from './view';

/** Where the cameras of a region and of all below it are. */
export interface RegionExtent {
  name: string;
  /** 0 for the topmost. */
  depth: number;
  min: Point;
  max: Point;
}
export interface Label {
  text: string;
  depth: number;
  /** px, the middle of the text. */
  at: Point;
}

/** Names of regions that stay readable and do not hide each other. */
const MOST_LABELS = 60;
const LINE_HEIGHT = 18;
/** A region smaller than this has its name under those of its neighbours; a single place's waits for this scale. */
const SMALLEST_PX = 26;
const PLACE_SCALE = 2 ** 22;

export function extentsOf(regions: readonly Region[], cameras: readonly Camera[]): RegionExtent[] {
  const known = new Map(regions.map((region) => [region.name, region]));
  const extents = new Map<string, RegionExtent>();
  for (const camera of cameras) {
    if (!camera.location) continue;
    const point = project(camera.location);
    const path: Region[] = [];
    for (let at = known.get(camera.region); at && !path.includes(at); at = known.get(at.parent))
      path.push(at);
    path.reverse().forEach((region, depth) => {
      const extent = extents.get(region.name);
      if (extent === undefined) {
        extents.set(region.name, { name: region.display_name, depth, min: { ...point }, max: { ...point } });
        return;
      }
      extent.min = { x: Math.min(extent.min.x, point.x), y: Math.min(extent.min.y, point.y) };
      extent.max = { x: Math.max(extent.max.x, point.x), y: Math.max(extent.max.y, point.y) };
    });
  }
  return [...extents.values()].sort((a, b) => a.depth - b.depth);
}

/** Above its cameras, the larger region first; one that fills more than the view needs no name. */
export function labelsOf(
  extents: readonly RegionExtent[],
  view: View,
  size: Size,
  widthOf: (label: string, depth: number) => number,
): Label[] {
  const labels: Label[] = [];
  const boxes: { left: number; right: number; top: number }[] = [];
  for (const extent of extents) {
    if (labels.length === MOST_LABELS) break;
    const min = toScreen(view, size, extent.min);
    const max = toScreen(view, size, extent.max);
    const across = Math.max(max.x - min.x, max.y - min.y);
    if (across > 1.5 * Math.max(size.width, size.height)) continue;
    if (across < SMALLEST_PX && view.scale < PLACE_SCALE) continue;
    const at = { x: (min.x + max.x) / 2, y: min.y - 30 };
    if (at.x < 0 || at.x > size.width || at.y < 12 || at.y > size.height - 12) continue;
    const half = widthOf(extent.name, extent.depth) / 2 + 6;
    const box = { left: at.x - half, right: at.x + half, top: at.y - LINE_HEIGHT / 2 };
    const hidden = boxes.some(
      (other) =>
        box.left < other.right && other.left < box.right && Math.abs(box.top - other.top) < LINE_HEIGHT,
    );
    if (hidden) continue;
    boxes.push(box);
    labels.push({ text: extent.name, depth: extent.depth, at });
  }
  return labels;
}
