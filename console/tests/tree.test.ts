import { describe, expect, it } from 'vitest';
import type { Camera, CameraState, Region } from '../src/api/types';
import { buildTree, ELSEWHERE, filterTree, regionPath, visibleRows } from '../src/cameras/tree';

function region(code: string, parent: string, display_name: string): Region {
  return { name: `regions/${code}`, parent, level: 'VILLAGE', display_name };
}

function camera(id: string, code: string, display_name: string, state: CameraState = 'ONLINE'): Camera {
  return {
    name: `cameras/${id}`,
    uid: id,
    etag: '',
    display_name,
    region: `regions/${code}`,
    source_url: '',
    sub_source_url: '',
    camera_class: 2,
    ownership: 'PUBLIC',
    owner: '',
    managing_unit: '',
    operator: '',
    listed_for_residents: false,
    audio: false,
    enabled: true,
    schedule: '',
    retention_days: 30,
    state,
    state_reason: '',
  };
}

const regions = [
  region('421381', 'regions/4213', '广水市'),
  region('421381101', 'regions/421381', '武胜关镇'),
  region('421381101001', 'regions/421381101', '桃源村'),
];
const cameras = [
  camera('gate', '421381101001', '村口牌坊'),
  camera('bridge', '421381101001', '石拱桥', 'OFFLINE'),
  camera('office', '421381101', '综治中心'),
  camera('stray', '999999', '外地'),
];

describe('the tree of regions', () => {
  const tree = buildTree(regions, cameras, '其他地区');

  it('has at its top what has no visible parent', () => {
    expect(tree.map((node) => node.region.name)).toEqual(['regions/421381', ELSEWHERE]);
  });

  it('counts cameras of a region and all below it', () => {
    const county = tree[0];
    expect([county?.online, county?.total]).toEqual([2, 3]);
    expect(county?.children[0]?.children[0]).toMatchObject({ online: 1, total: 2 });
  });

  it('loses no camera whose region is not visible', () => {
    expect(tree[1]?.cameras.map((each) => each.name)).toEqual(['cameras/stray']);
  });

  it('shows only rows of unfolded regions', () => {
    const rows = visibleRows(tree, (name) => name === 'regions/421381');
    expect(rows.map((row) => [row.key, row.depth])).toEqual([
      ['regions/421381', 0],
      ['regions/421381101', 1],
      [ELSEWHERE, 0],
    ]);
  });
});

describe('searching', () => {
  const tree = buildTree(regions, cameras, '其他地区');
  const found = (query: string) =>
    visibleRows(filterTree(tree, query), () => true)
      .filter((row) => row.kind === 'camera')
      .map((row) => row.key);

  it('finds cameras by name and by id, whatever the case', () => {
    expect(found('拱桥')).toEqual(['cameras/bridge']);
    expect(found(' GATE ')).toEqual(['cameras/gate']);
  });

  it('finds all of a region by its name', () => {
    expect(found('桃源')).toEqual(['cameras/gate', 'cameras/bridge']);
  });

  it('finds nothing where nothing matches', () => {
    expect(filterTree(tree, 'zzz')).toEqual([]);
  });
});

describe('the path of a region', () => {
  it('goes from the top down', () => {
    expect(regionPath(regions, 'regions/421381101001')).toEqual(['广水市', '武胜关镇', '桃源村']);
  });

  it('ends even when parents go round in a circle', () => {
    const circle = [region('a', 'regions/b', 'A'), region('b', 'regions/a', 'B')];
    expect(regionPath(circle, 'regions/a')).toEqual(['B', 'A']);
  });
});
