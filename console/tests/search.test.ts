import { describe, expect, it, vi } from 'vitest';
import type { Camera, Region } from '../src/api/types';
import { readingsOf } from '../src/cameras/readings';
import { NameSearch } from '../src/cameras/search';
import { stepInTree } from '../src/cameras/steps';
import { buildTree, filterTree, pruneTree, visibleRows, type TreeRow } from '../src/cameras/tree';

describe('a name', () => {
  const search = new NameSearch(readingsOf);

  it.each(['gsdm', 'gs', 'dm', 'guangshui', 'gshuidm', 'shuidamen', '水大'])('is found by %s', (typed) => {
    expect(search.finds('广水大门', typed)).toBe(true);
  });

  it.each(['gdm', 'uang', 'gsdmx', 'men1', 'g s'])('is not found by %s', (typed) => {
    expect(search.finds('广水大门', typed)).toBe(false);
  });

  it('is found by each reading of a character, by digits and across blanks', () => {
    expect(['cqlj', 'zqlj'].map((typed) => search.finds('重庆路街', typed))).toEqual([true, true]);
    expect(search.finds('柳林村 3号桥', 'llc3hq')).toBe(true);
    expect(search.finds('女子学校', 'nvzi')).toBe(true);
  });

  it('costs no more for many readings', () => {
    const twins = new NameSearch(() => ['de', 'di', 'dei']);
    expect(twins.finds('的'.repeat(500), 'd'.repeat(29) + 'x')).toBe(false);
  });

  it('is found only as it is written before the dictionary is there', () => {
    expect(new NameSearch().finds('广水大门', 'gsdm')).toBe(false);
    expect(new NameSearch().finds('East Gate', 'gate')).toBe(true);
  });
});

describe('ten thousand cameras', () => {
  const { regions, cameras } = county(10_000);
  const tree = buildTree(regions, cameras, '');
  const readings = vi.fn(readingsOf);
  const search = new NameSearch(readings);
  const found = (query: string) => visibleRows(filterTree(tree, query, search), () => true);

  it('are searched with each character read once, and none at the next letter', () => {
    expect(found('dsq7').filter((row) => row.kind === 'camera').length).toBeGreaterThan(0);
    const characters = new Set(
      [...regions, ...cameras].flatMap((each) => [...each.display_name]).filter((each) => each > '一'),
    );
    expect(readings.mock.calls.length).toBeLessThanOrEqual(characters.size);
    readings.mockClear();
    found('dsq77');
    expect(readings).not.toHaveBeenCalled();
  });

  it('are narrowed down by a word of the region and one of the camera', () => {
    const rows = found('c7 dmkou 7');
    const names = rows.flatMap((row) => (row.kind === 'camera' ? [row.camera] : []));
    expect(names.length).toBeGreaterThan(0);
    expect(names.every((each) => each.display_name.includes('大门口'))).toBe(true);
  });

  it('have their place among those beside them, for who hears and does not see', () => {
    const rows = visibleRows(tree, () => true);
    const below = rows.filter((row) => row.kind === 'camera' && row.camera.region === 'regions/1');
    expect(below.map((row) => row.at)).toEqual(below.map((_, index) => index + 1));
    expect(new Set(below.map((row) => row.of))).toEqual(new Set([below.length]));
  });

  it('keep favourites alone with the regions around them, counted anew', () => {
    const starred = pruneTree(tree, (camera) => camera.name === 'cameras/c-5');
    expect(starred.map((node) => [node.total, node.children.length])).toEqual([[1, 1]]);
  });
});

describe('the keys of the tree', () => {
  const { regions, cameras } = county(30);
  const tree = buildTree(regions, cameras, '');
  const open = visibleRows(tree, () => true);
  const closed = visibleRows(tree, () => false);
  const step = (rows: TreeRow[], at: number, key: string) => stepInTree(rows, at, key, 10);

  it('move, fold and open', () => {
    expect(step(open, 0, 'ArrowDown')).toEqual({ to: 1 });
    expect(step(open, 0, 'ArrowUp')).toEqual({ to: 0 });
    expect(step(open, 2, 'PageDown')).toEqual({ to: 12 });
    expect(step(open, 2, 'End')).toEqual({ to: open.length - 1 });
    expect(step(closed, 0, 'ArrowRight')).toEqual({ to: 0, toggle: 'regions/0' });
    expect(step(open, 0, 'ArrowRight')).toEqual({ to: 1 });
    expect(step(open, 0, 'ArrowLeft')).toEqual({ to: 0, toggle: 'regions/0' });
    const camera = open.findIndex((row) => row.kind === 'camera');
    expect(step(open, camera, 'ArrowLeft')?.to).toBe(camera - 1);
    expect(step(open, camera, 'Enter')).toEqual({ to: camera, pick: open[camera]?.key });
    expect(step(open, camera, 'x')).toBeNull();
  });
});

/** A county of a village for each 50 cameras. */
function county(count: number): { regions: Region[]; cameras: Camera[] } {
  const level = 'VILLAGE';
  const regions: Region[] = [{ name: 'regions/0', parent: '', level, display_name: '广水市' }];
  const cameras: Camera[] = [];
  const places = ['大门口', '东三桥', '卫生室', '水库大坝', '长途车站'];
  for (let at = 0; at < count; at += 1) {
    const village = 1 + Math.floor(at / 50);
    const name = `regions/${village}`;
    if (at % 50 === 0) regions.push({ name, parent: 'regions/0', level, display_name: `村${village}` });
    const display_name = `${places[at % 5]}${at % 1000}`;
    const state = at % 3 === 0 ? 'OFFLINE' : 'ONLINE';
    cameras.push({ name: `cameras/c-${at}`, region: name, display_name, state } as Camera);
  }
  return { regions, cameras };
}
