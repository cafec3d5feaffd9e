import type { CameraState } from '../../api/types';
import type { Point } from './geo';
import { LARGEST_SCALE } from './view';

export interface Marker extends Point {
  /** "cameras/{id}" */
  camera: string;
  state: CameraState;
}

/** Cameras so near to each other that their markers would lie on each other; often one alone. */
export interface Cluster extends Point {
  members: Marker[];
  states: Record<CameraState, number>;
}

/** px between two markers. */
const APART = 40;

/** Clusters by zoom level, each made once for these markers. */
export class Clusters {
  private readonly levels = new Map<number, Cluster[]>();
  private readonly markers: readonly Marker[];

  constructor(markers: readonly Marker[]) {
    this.markers = markers;
  }

  at(scale: number): Cluster[] {
    const level = Math.round(Math.log2(Math.min(scale, LARGEST_SCALE)));
    let clusters = this.levels.get(level);
    if (clusters === undefined) {
      clusters = clustersOf(this.markers, APART / 2 ** level);
      this.levels.set(level, clusters);
    }
    return clusters;
  }
}

/** Each marker is in the cluster of the first one that has it within `radius` (units of the square). */
export function clustersOf(markers: readonly Marker[], radius: number): Cluster[] {
  const cells = new Map<string, Marker[]>();
  const cellOf = ({ x, y }: Point): [number, number] => [Math.floor(x / radius), Math.floor(y / radius)];
  for (const marker of markers) {
    const key = cellOf(marker).join();
    const cell = cells.get(key);
    if (cell) cell.push(marker);
    else cells.set(key, [marker]);
  }
  const taken = new Set<Marker>();
  const clusters: Cluster[] = [];
  for (const marker of markers) {
    if (taken.has(marker)) continue;
    const [column, row] = cellOf(marker);
    const members: Marker[] = [];
    for (let right = -1; right <= 1; right += 1) {
      for (let down = -1; down <= 1; down += 1) {
        const key = `${column + right},${row + down}`;
        const rest = cells.get(key)?.filter((other) => {
          if (Math.hypot(other.x - marker.x, other.y - marker.y) > radius) return true;
          taken.add(other);
          members.push(other);
          return false;
        });
        if (rest) cells.set(key, rest);
      }
    }
    clusters.push(clusterOf(members));
  }
  return clusters;
}

function clusterOf(members: Marker[]): Cluster {
  const states = { ONLINE: 0, CONNECTING: 0, OFFLINE: 0, DISABLED: 0 };
  let [x, y] = [0, 0];
  for (const member of members) {
    states[member.state] += 1;
    x += member.x / members.length;
    y += member.y / members.length;
  }
  return { x, y, members, states };
}
