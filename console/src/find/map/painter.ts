import type { CameraState } from '../../api/types';
import type { Cluster } from './clusters';
import { metresPerUnit, placeOf, project, type Place, type Point } from './geo';
import { labelsOf, type RegionExtent } from './labels';
import { scaleBar, toPoint, toScreen, type Size, type View } from './view';

export type Area = { kind: 'circle'; centre: Place; radius: number } | { kind: 'lasso'; ring: Place[] };

export interface Scene {
  view: View;
  size: Size;
  clusters: readonly Cluster[];
  extents: readonly RegionExtent[];
  area: Area | null;
  /** Resource names that are marked. */
  marked: ReadonlySet<string>;
}

const COLOURS: Record<CameraState, string> = {
  ONLINE: '#3ed18a',
  CONNECTING: '#f4b942',
  OFFLINE: '#ff6572',
  DISABLED: '#66788f',
};
const ORDER: readonly CameraState[] = ['ONLINE', 'CONNECTING', 'OFFLINE', 'DISABLED'];
const FONT = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', system-ui, sans-serif";
const BAR_PX = 120;
const GRID_PX = 130;

/** Paints one picture of the map; units are pixels of the design. */
export function paintMap(context: CanvasRenderingContext2D, scene: Scene): void {
  const { size } = scene;
  context.fillStyle = '#071222';
  context.fillRect(0, 0, size.width, size.height);
  paintGrid(context, scene);
  if (scene.area) paintArea(context, scene, scene.area);
  for (const cluster of scene.clusters) paintCluster(context, scene, cluster);
  paintLabels(context, scene);
  paintScale(context, scene);
}

/** The radius of a cluster's marker, px. */
export function radiusOf(cluster: Cluster): number {
  const { length } = cluster.members;
  return length === 1 ? 7 : Math.min(26, 12 + 3.2 * Math.log2(length) ** 0.9);
}

function paintGrid(context: CanvasRenderingContext2D, { view, size }: Scene): void {
  const { width, height } = size;
  const northWest = placeOf(toPoint(view, size, { x: 0, y: 0 }));
  const southEast = placeOf(toPoint(view, size, { x: width, y: height }));
  const step = niceStep(((southEast.longitude - northWest.longitude) / width) * GRID_PX);
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  context.strokeStyle = 'rgb(43 74 120 / 35%)';
  context.fillStyle = 'rgb(157 180 208 / 60%)';
  context.lineWidth = 1;
  context.font = `11px ${FONT}`;
  context.textBaseline = 'top';
  context.textAlign = 'left';
  const line = (from: Point, to: Point) => {
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  };
  for (let at = Math.ceil(northWest.longitude / step) * step; at <= southEast.longitude; at += step) {
    const x = Math.round(toScreen(view, size, project({ latitude: 0, longitude: at })).x) + 0.5;
    line({ x, y: 0 }, { x, y: height });
    context.fillText(`${at.toFixed(digits)}°`, x + 4, 4);
  }
  for (let at = Math.ceil(southEast.latitude / step) * step; at <= northWest.latitude; at += step) {
    const y = Math.round(toScreen(view, size, project({ latitude: at, longitude: 0 })).y) + 0.5;
    line({ x: 0, y }, { x: width, y });
    if (y > 24 && y < height - 40) context.fillText(`${at.toFixed(digits)}°`, 4, y + 3);
  }
}

function niceStep(degrees: number): number {
  const power = 10 ** Math.floor(Math.log10(degrees));
  return power * (degrees >= 5 * power ? 5 : degrees >= 2 * power ? 2 : 1);
}

function paintArea(context: CanvasRenderingContext2D, { view, size }: Scene, area: Area): void {
  context.beginPath();
  if (area.kind === 'circle') {
    const centre = toScreen(view, size, project(area.centre));
    context.arc(
      centre.x,
      centre.y,
      (area.radius / metresPerUnit(area.centre.latitude)) * view.scale,
      0,
      2 * Math.PI,
    );
    context.moveTo(centre.x - 7, centre.y);
    context.lineTo(centre.x + 7, centre.y);
    context.moveTo(centre.x, centre.y - 7);
    context.lineTo(centre.x, centre.y + 7);
  } else {
    area.ring.forEach((place) => {
      const { x, y } = toScreen(view, size, project(place));
      context.lineTo(x, y);
    });
    context.closePath();
  }
  context.fillStyle = 'rgb(127 214 255 / 10%)';
  context.fill();
  context.strokeStyle = '#7fd6ff';
  context.lineWidth = 1.5;
  context.stroke();
}

function paintCluster(context: CanvasRenderingContext2D, scene: Scene, cluster: Cluster): void {
  const { x, y } = toScreen(scene.view, scene.size, cluster);
  const radius = radiusOf(cluster);
  if (x < -radius || y < -radius || x > scene.size.width + radius || y > scene.size.height + radius) return;
  const { length } = cluster.members;
  if (cluster.members.some((member) => scene.marked.has(member.camera))) {
    disc(context, x, y, radius + 5, 'rgb(127 214 255 / 28%)');
    context.strokeStyle = '#7fd6ff';
    context.lineWidth = 2;
    context.stroke();
  }
  if (length === 1) {
    const state = cluster.members[0]?.state ?? 'OFFLINE';
    disc(context, x, y, radius, '#050c18');
    disc(context, x, y, radius - 2, COLOURS[state]);
    // Not by colour alone: only a camera that is online is a full disc.
    if (state !== 'ONLINE') disc(context, x, y, 2.5, '#050c18');
    return;
  }
  disc(context, x, y, radius, '#0d1f3b');
  let from = -Math.PI / 2;
  context.lineWidth = 4;
  for (const state of ORDER) {
    const share = cluster.states[state] / length;
    if (share === 0) continue;
    context.strokeStyle = COLOURS[state];
    context.beginPath();
    context.arc(x, y, radius - 2, from, from + share * 2 * Math.PI);
    context.stroke();
    from += share * 2 * Math.PI;
  }
  context.fillStyle = '#e9f2fb';
  context.font = `600 ${length > 999 ? 11 : 12}px ${FONT}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(String(length), x, y + 0.5);
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
}

function paintLabels(context: CanvasRenderingContext2D, { extents, view, size }: Scene): void {
  const font = (depth: number) => `${depth === 0 ? 600 : 500} ${depth < 2 ? 14 : 12}px ${FONT}`;
  const labels = labelsOf(extents, view, size, (text, depth) => {
    context.font = font(depth);
    return context.measureText(text).width;
  });
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  for (const { text, depth, at } of labels) {
    context.font = font(depth);
    context.strokeStyle = 'rgb(5 12 24 / 85%)';
    context.lineWidth = 4;
    context.strokeText(text, at.x, at.y);
    context.fillStyle = depth < 2 ? '#cfe0f2' : '#9db4d0';
    context.fillText(text, at.x, at.y);
  }
}

function paintScale(context: CanvasRenderingContext2D, { view, size }: Scene): void {
  const { metres, px } = scaleBar(view, BAR_PX);
  const [x, y] = [14, size.height - 14];
  context.strokeStyle = '#cfe0f2';
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x, y - 6);
  context.lineTo(x, y);
  context.lineTo(x + px, y);
  context.lineTo(x + px, y - 6);
  context.stroke();
  context.fillStyle = '#cfe0f2';
  context.font = `12px ${FONT}`;
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  context.fillText(metres >= 1000 ? `${metres / 1000} km` : `${metres} m`, x + 4, y - 4);
}
