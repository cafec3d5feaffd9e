import type { Camera, Region } from '../api/types';
import { NameSearch } from './search';

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

/**
 * Keeps cameras that every word of the query finds, by their name, their id or a region around them; and regions
 * that hold one, or that all words find, with all below them.
 */
export function filterTree(
  nodes: readonly RegionNode[],
  query: string,
  search: NameSearch = new NameSearch(),
): RegionNode[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? [...nodes] : narrowed(nodes, words, search);
}

function narrowed(nodes: readonly RegionNode[], words: readonly string[], search: NameSearch): RegionNode[] {
  return nodes.flatMap((node) => {
    const left = words.filter((word) => !search.finds(node.region.display_name, word));
    if (left.length === 0) return [node];
    const children = narrowed(node.children, left, search);
    const cameras = node.cameras.filter((camera) => left.every((word) => isNamed(camera, word, search)));
    return children.length + cameras.length === 0 ? [] : [{ ...node, children, cameras }];
  });
}

function isNamed(camera: Camera, word: string, search: NameSearch): boolean {
  return search.finds(camera.display_name, word) || idOf(camera).includes(word);
}

function idOf(camera: Camera): string {
  return camera.name.slice('cameras/'.length);
}

/** Only the cameras that `keeps` lets stay, and the regions around them, counted anew. */
export function pruneTree(nodes: readonly RegionNode[], keeps: (camera: Camera) => boolean): RegionNode[] {
  const kept = nodes.flatMap((node): RegionNode[] => {
    const children = pruneTree(node.children, keeps);
    const cameras = node.cameras.filter(keeps);
    return children.length + cameras.length === 0 ? [] : [{ ...node, children, cameras }];
  });
  kept.forEach(count);
  return kept;
}

/** `at` of `of`: the row's place among those beside it, from 1. */
interface Placed {
  key: string;
  depth: number;
  at: number;
  of: number;
}
export type TreeRow =
  | (Placed & { kind: 'region'; node: RegionNode; expanded: boolean })
  | (Placed & { kind: 'camera'; camera: Camera });

/** The rows to draw, top to bottom. */
export function visibleRows(
  nodes: readonly RegionNode[],
  isExpanded: (region: string) => boolean,
): TreeRow[] {
  const rows: TreeRow[] = [];
  addRows(rows, nodes, [], isExpanded, 0);
  return rows;
}

function addRows(
  rows: TreeRow[],
  nodes: readonly RegionNode[],
  cameras: readonly Camera[],
  isExpanded: (region: string) => boolean,
  depth: number,
): void {
  const of = nodes.length + cameras.length;
  nodes.forEach((node, index) => {
    const expanded = isExpanded(node.region.name);
    rows.push({ kind: 'region', key: node.region.name, depth, at: index + 1, of, node, expanded });
    if (expanded) addRows(rows, node.children, node.cameras, isExpanded, depth + 1);
  });
  cameras.forEach((camera, index) => {
    rows.push({ kind: 'camera', key: camera.name, depth, at: nodes.length + index + 1, of, camera });
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
  return camerasIn(found);
}

/** All cameras of these nodes, in the tree's order. */
export function camerasIn(nodes: readonly RegionNode[]): Camera[] {
  return nodes.flatMap(allCameras);
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
