import type { Camera, Region } from '../../api/types';
import { unit } from '../../design/unit';
import { Clusters, type Cluster, type Marker } from './clusters';
import { distance, placeOf, project, type Place, type Point } from './geo';
import { extentsOf, type RegionExtent } from './labels';
import { paintMap, radiusOf, type Area } from './painter';
import { fitted, LARGEST_SCALE, panned, toPoint, toScreen, zoomed, type Size, type View } from './view';

/** What a drag on the map does: move it, draw a circle from its middle, or draw around cameras. */
export type Tool = 'pan' | 'circle' | 'lasso';

export interface MapEvents {
  /** Cameras that were clicked: several where they stand at one place. */
  onPick: (cameras: string[]) => void;
  onArea: (area: Area) => void;
  /** The single camera under the mouse and where its marker is (pixels of the design), for a handle to be laid there. */
  onHover: (camera: string | null, at: Point) => void;
}

/** Pixels of the design that a press may move and still be a click. */
const CLICK_PX = 5;
const REACH_PX = 8;
const DEFAULT_RADIUS_M = 300;
const KEY_PAN_PX = 80;

/** The map on a canvas: pan, zoom, clusters, picking, circle and lasso. Knows no framework. */
export class MapView {
  private tool: Tool = 'pan';
  private view: View = { centre: { x: 0.8, y: 0.4 }, scale: 4096 };
  private size: Size = { width: 0, height: 0 };
  private clusters = new Clusters([]);
  private markers: Marker[] = [];
  private extents: RegionExtent[] = [];
  private area: Area | null = null;
  private marked: ReadonlySet<string> = new Set();
  private moved = false;
  private frame: number | null = null;
  private readonly pressed = new Map<number, Point>();
  private pressedAt: Point | null = null;
  private drawn: Place[] = [];
  private readonly canvas: HTMLCanvasElement;
  private readonly surface: HTMLElement;
  private readonly events: MapEvents;
  private readonly listening = new AbortController();
  private readonly observer: ResizeObserver;

  /** `surface` is around the canvas and takes what is done to either. */
  constructor(surface: HTMLElement, canvas: HTMLCanvasElement, events: MapEvents) {
    this.surface = surface;
    this.canvas = canvas;
    this.events = events;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(surface);
    const { signal } = this.listening;
    canvas.addEventListener('pointerdown', this.down, { signal });
    canvas.addEventListener('pointermove', this.move, { signal });
    canvas.addEventListener('pointerup', this.up, { signal });
    canvas.addEventListener('pointercancel', this.cancel, { signal });
    surface.addEventListener('pointerleave', () => this.events.onHover(null, { x: 0, y: 0 }), { signal });
    surface.addEventListener('wheel', this.wheel, { signal, passive: false });
    surface.addEventListener('keydown', this.key, { signal });
    this.resize();
  }

  destroy(): void {
    this.listening.abort();
    this.observer.disconnect();
    if (this.frame !== null) cancelAnimationFrame(this.frame);
  }

  /** Shows all of them until somebody moves the map. */
  setCameras(regions: readonly Region[], cameras: readonly Camera[]): void {
    this.markers = cameras.flatMap((camera) =>
      camera.location ? [{ camera: camera.name, state: camera.state, ...project(camera.location) }] : [],
    );
    this.clusters = new Clusters(this.markers);
    this.extents = extentsOf(regions, cameras);
    if (this.moved) this.repaint();
    else this.fit();
  }

  setTool(tool: Tool): void {
    this.tool = tool;
    this.canvas.style.cursor = tool === 'pan' ? 'grab' : 'crosshair';
  }

  setArea(area: Area | null): void {
    this.area = area;
    this.repaint();
  }

  setMarked(cameras: ReadonlySet<string>): void {
    this.marked = cameras;
    this.repaint();
  }

  fit(): void {
    this.view = fitted(this.markers, this.size) ?? this.view;
    this.repaint();
  }

  /** So that all of an area is seen. */
  fitArea({ centre, radius }: { centre: Place; radius: number }): void {
    const degrees = radius / 111_000;
    const corners = [-1, 1].map((sign) =>
      project({
        latitude: centre.latitude + sign * degrees,
        longitude: centre.longitude + (sign * degrees) / Math.cos((centre.latitude * Math.PI) / 180),
      }),
    );
    this.look(fitted(corners, this.size) ?? this.view);
  }

  zoom(factor: number): void {
    this.look(zoomed(this.view, this.size, this.middle(), factor));
  }

  /** The place in the middle. */
  centre(): Place {
    return placeOf(this.view.centre);
  }

  private look(view: View): void {
    this.view = view;
    this.moved = true;
    this.events.onHover(null, { x: 0, y: 0 });
    this.repaint();
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.surface;
    const [width, height] = [clientWidth / unit(), clientHeight / unit()];
    if (width === this.size.width && height === this.size.height) return;
    this.size = { width, height };
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    if (this.moved) this.repaint();
    else this.fit();
  }

  private repaint(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const context = this.canvas.getContext('2d');
      if (context === null || this.size.width === 0) return;
      const ratio = devicePixelRatio * unit();
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      paintMap(context, {
        view: this.view,
        size: this.size,
        clusters: this.clusters.at(this.view.scale),
        extents: this.extents,
        area: this.area,
        marked: this.marked,
      });
    });
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.pressed.set(event.pointerId, at);
    this.pressedAt = this.pressed.size === 1 ? at : null;
    this.drawn = [];
  };

  private readonly move = (event: PointerEvent): void => {
    const at = this.at(event);
    const before = this.pressed.get(event.pointerId);
    if (before === undefined) {
      this.hover(event.pointerType === 'mouse' ? this.hit(at) : null);
      return;
    }
    if (this.pressed.size > 1) this.pinch(event.pointerId, at);
    else if (this.pressedAt && this.tool !== 'pan') this.draw(this.pressedAt, at);
    else if (this.pressedAt === null || apart(this.pressedAt, at) > CLICK_PX || this.isDragged) {
      this.isDragged = true;
      this.look(panned(this.view, at.x - before.x, at.y - before.y));
    } else return; // still a click: the way so far is not lost
    this.pressed.set(event.pointerId, at);
  };
  private isDragged = false;

  private readonly up = (event: PointerEvent): void => {
    const at = this.at(event);
    const click = this.pressedAt !== null && apart(this.pressedAt, at) <= CLICK_PX && !this.isDragged;
    this.cancel(event);
    if (this.pressed.size > 0) return;
    if (click) this.click(at);
    else if (this.area !== null && this.drawn.length > 0) this.events.onArea(this.area);
    this.drawn = [];
  };

  private readonly cancel = (event: PointerEvent): void => {
    this.pressed.delete(event.pointerId);
    if (this.pressed.size === 0) this.isDragged = false;
    this.pressedAt = null;
  };

  private click(at: Point): void {
    if (this.tool === 'circle') {
      const radius = this.area?.kind === 'circle' ? this.area.radius : DEFAULT_RADIUS_M;
      this.area = { kind: 'circle', centre: this.placeAt(at), radius };
      this.events.onArea(this.area);
      this.repaint();
      return;
    }
    const cluster = this.hit(at);
    if (cluster === null) return;
    const closer = fitted(cluster.members, this.size);
    const first = cluster.members[0];
    const together = cluster.members.every((each) => first && apart(each, first) * LARGEST_SCALE < 1);
    if (together || closer === null) this.events.onPick(cluster.members.map((member) => member.camera));
    else this.look(closer);
  }

  private draw(from: Point, to: Point): void {
    const place = this.placeAt(to);
    if (this.tool === 'circle') {
      const centre = this.placeAt(from);
      this.drawn = [place];
      this.area = { kind: 'circle', centre, radius: Math.max(1, Math.round(distance(centre, place))) };
    } else {
      this.drawn.push(place);
      this.area = { kind: 'lasso', ring: [this.placeAt(from), ...this.drawn] };
    }
    this.repaint();
  }

  private pinch(moving: number, to: Point): void {
    const from = this.pressed.get(moving);
    const other = [...this.pressed].find(([id]) => id !== moving)?.[1];
    if (!from || !other) return;
    const factor = Math.max(1, apart(to, other)) / Math.max(1, apart(from, other));
    this.look(zoomed(this.view, this.size, other, factor));
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.look(zoomed(this.view, this.size, this.at(event), 2 ** (-event.deltaY / 240)));
  };

  private readonly key = (event: KeyboardEvent): void => {
    const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (pan !== undefined)
      this.look(panned(this.view, (pan[0] ?? 0) * KEY_PAN_PX, (pan[1] ?? 0) * KEY_PAN_PX));
    else if (event.key === '+' || event.key === '=') this.zoom(2);
    else if (event.key === '-') this.zoom(0.5);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Enter' && event.target === this.canvas.parentElement) this.click(this.middle());
    else return;
    event.preventDefault();
  };

  private hover(cluster: Cluster | null): void {
    const single = cluster?.members.length === 1 && this.tool === 'pan' ? cluster : null;
    const at = single ? toScreen(this.view, this.size, single) : { x: 0, y: 0 };
    this.events.onHover(single?.members[0]?.camera ?? null, at);
    this.canvas.style.cursor = this.tool === 'pan' ? (cluster ? 'pointer' : 'grab') : 'crosshair';
  }

  private hit(at: Point): Cluster | null {
    let [best, nearest]: [Cluster | null, number] = [null, Infinity];
    for (const cluster of this.clusters.at(this.view.scale)) {
      const away = apart(toScreen(this.view, this.size, cluster), at);
      if (away <= radiusOf(cluster) + REACH_PX && away < nearest) [best, nearest] = [cluster, away];
    }
    return best;
  }

  private placeAt(at: Point): Place {
    return placeOf(toPoint(this.view, this.size, at));
  }

  private middle(): Point {
    return { x: this.size.width / 2, y: this.size.height / 2 };
  }

  private at(event: MouseEvent): Point {
    const box = this.surface.getBoundingClientRect();
    return { x: (event.clientX - box.left) / unit(), y: (event.clientY - box.top) / unit() };
  }
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
