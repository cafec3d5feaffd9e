import type { Camera, Region } from '../api/types';

export interface RegionNode {
  region: Region;
  children: RegionNode[];
  cameras: Camera[];
  /** Of this region and all below it. */
  online: number;
  total: number;
}

/** Name of the node that takes cameras whose region is not among the visible ones. */
export const ELSEWHERE = 'regions/-';

/** Regions by parent, cameras below their region, counts rolled up. Regions with no camera anywhere below stay. */
export function buildTree(
  regions: readonly Region[],
  cameras: readonly Camera[],
  elsewhere: string,
): RegionNode[] {
  const nodes = new Map<string, RegionNode>();
  for (const region of regions) {
    nodes.set(region.name, { region, children: [], cameras: [], online: 0, total: 0 });
  }
  const roots: RegionNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.region.parent);
    (parent ? parent.children : roots).push(node);
  }
  const strays: Camera[] = [];
  for (const camera of cameras) {
    const node = nodes.get(camera.region);
    if (node) node.cameras.push(camera);
    else strays.push(camera);
  }
  if (strays.length > 0) {
    const region: Region = { name: ELSEWHERE, parent: '', level: 'GROUP', display_name: elsewhere };
    roots.push({ region, children: [], cameras: strays, online: 0, total: 0 });
  }
  roots.forEach(count);
  return roots;
}

function count(node: RegionNode): void {
  node.children.forEach(count);
  node.total = node.cameras.length + node.children.reduce((sum, child) => sum + child.total, 0);
  node.online =
    node.cameras.filter((camera) => camera.state === 'ONLINE').length +
    node.children.reduce((sum, child) => sum + child.online, 0);
}

/** Keeps cameras that match, and regions that match (with all below them) or hold a match. */
export function filterTree(nodes: readonly RegionNode[], query: string): RegionNode[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return [...nodes];
  return nodes.flatMap((node) => {
    if (node.region.display_name.toLowerCase().includes(wanted)) return [node];
    const children = filterTree(node.children, wanted);
    const cameras = node.cameras.filter((camera) => cameraMatches(camera, wanted));
    return children.length + cameras.length === 0 ? [] : [{ ...node, children, cameras }];
  });
}

function cameraMatches(camera: Camera, wanted: string): boolean {
  return camera.display_name.toLowerCase().includes(wanted) || camera.name.toLowerCase().includes(wanted);
}

export type TreeRow =
  | { kind: 'region'; key: string; depth: number; node: RegionNode; expanded: boolean }
  | { kind: 'camera'; key: string; depth: number; camera: Camera };

/** The rows to draw, top to bottom. */
export function visibleRows(
  nodes: readonly RegionNode[],
  isExpanded: (region: string) => boolean,
  depth = 0,
): TreeRow[] {
  return nodes.flatMap((node) => {
    const expanded = isExpanded(node.region.name);
    const row: TreeRow = { kind: 'region', key: node.region.name, depth, node, expanded };
    if (!expanded) return [row];
    const cameras = node.cameras.map((camera): TreeRow => ({
      kind: 'camera',
      key: camera.name,
      depth: depth + 1,
      camera,
    }));
    return [row, ...visibleRows(node.children, isExpanded, depth + 1), ...cameras];
  });
}

/** Display names from the topmost visible region down to `region`. */
export function regionPath(regions: readonly Region[], region: string): string[] {
  const byName = new Map(regions.map((each) => [each.name, each]));
  const path: string[] = [];
  for (let at = byName.get(region); at !== undefined; at = byName.get(at.parent)) {
    path.unshift(at.display_name);
    byName.delete(at.name);
  }
  return path;
}

/** Cameras of a region and of all below it, in the tree's order; of all regions when it is empty. */
export function camerasBelow(
  regions: readonly Region[],
  cameras: readonly Camera[],
  region: string,
): Camera[] {
  const nodes = buildTree(regions, cameras, '');
  const found = region === '' ? nodes : findNode(nodes, region);
  return found.flatMap(allCameras);
}

function findNode(nodes: readonly RegionNode[], region: string): RegionNode[] {
  for (const node of nodes) {
    const found = node.region.name === region ? [node] : findNode(node.children, region);
    if (found.length > 0) return found;
  }
  return [];
}

function allCameras(node: RegionNode): Camera[] {
  return [...node.children.flatMap(allCameras), ...node.cameras];
}
