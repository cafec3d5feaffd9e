import { describe, expect, it } from 'vitest';
import type { Camera, CameraState, Region } from '../src/api/types';
import { Clusters, clustersOf, type Marker } from '../src/find/map/clusters';
import { circleAround, distance, isInside, placeOf, project } from '../src/find/map/geo';
import { extentsOf, labelsOf } from '../src/find/map/labels';
import { fitted, panned, scaleBar, toPoint, toScreen, zoomed } from '../src/find/map/view';

const GATE = { latitude: 31.6, longitude: 113.8 };
const SIZE = { width: 1000, height: 600 };

describe('places', () => {
  it('come back from the square as they went', () => {
    const { latitude, longitude } = placeOf(project(GATE));
    expect([latitude, longitude].map((each) => each.toFixed(9))).toEqual(['31.600000000', '113.800000000']);
  });

  it('are as far from each other as the earth has them', () => {
    // A minute of latitude is a nautical mile.
    expect(distance(GATE, { ...GATE, latitude: 31.6 + 1 / 60 })).toBeCloseTo(1853, -1);
    const east = distance(GATE, { ...GATE, longitude: 113.8 + 1 / 60 });
    expect(east).toBeCloseTo(1853 * Math.cos((31.6 * Math.PI) / 180), -1);
    expect(distance(GATE, GATE)).toBe(0);
  });

  it('are inside of a line or not, also of a hollow one', () => {
    const horseshoe = [
      [0, 0],
      [10, 0],
      [10, 10],
      [7, 10],
      [7, 3],
      [3, 3],
      [3, 10],
      [0, 10],
    ].map(([longitude = 0, latitude = 0]) => ({ latitude, longitude }));
    const inside = (longitude: number, latitude: number) => isInside(horseshoe, { latitude, longitude });
    expect([inside(1, 8), inside(5, 1), inside(8, 8)]).toEqual([true, true, true]);
    expect([inside(5, 8), inside(11, 5), inside(-1, -1)]).toEqual([false, false, false]);
  });

  it('are all in the circle around them', () => {
    const places = [GATE, { latitude: 31.61, longitude: 113.82 }, { latitude: 31.605, longitude: 113.79 }];
    const { centre, radius } = circleAround(places);
    expect(places.every((each) => distance(centre, each) <= radius)).toBe(true);
    expect(radius).toBeLessThan(2_000);
  });
});

describe('the view', () => {
  const view = { centre: project(GATE), scale: 2 ** 22 };

  it('zooms around what is under the pointer', () => {
    const pointer = { x: 120, y: 560 };
    const under = toPoint(view, SIZE, pointer);
    const nearer = zoomed(view, SIZE, pointer, 8);
    expect(nearer.scale).toBe(2 ** 25);
    const still = toScreen(nearer, SIZE, under);
    expect([still.x, still.y].map(Math.round)).toEqual([120, 560]);
  });

  it('goes along with the hand', () => {
    const at = toScreen(panned(view, 30, -20), SIZE, view.centre);
    expect([at.x, at.y].map(Math.round)).toEqual([530, 280]);
  });

  it('shows all points, and one camera not from a hand away', () => {
    const points = [GATE, { latitude: 31.9, longitude: 113.2 }].map(project);
    const whole = fitted(points, SIZE);
    expect(whole).not.toBeNull();
    for (const point of points) {
      const { x, y } = toScreen(whole ?? view, SIZE, point);
      expect(x >= 0 && x <= SIZE.width && y >= 0 && y <= SIZE.height).toBe(true);
    }
    expect(fitted([project(GATE)], SIZE)?.scale).toBe(2 ** 26);
    expect(fitted([], SIZE)).toBeNull();
  });

  it('has a bar of a round length that is as long as it says', () => {
    for (const scale of [2 ** 12, 2 ** 19.3, 2 ** 26]) {
      const bar = scaleBar({ ...view, scale }, 120);
      expect(bar.px).toBeLessThanOrEqual(120);
      expect(bar.px).toBeGreaterThan(45);
      expect(String(bar.metres)).toMatch(/^[125]0*$/);
      const left = placeOf(toPoint({ ...view, scale }, SIZE, { x: 500, y: 300 }));
      const right = placeOf(toPoint({ ...view, scale }, SIZE, { x: 500 + bar.px, y: 300 }));
      expect(Math.abs(distance(left, right) / bar.metres - 1)).toBeLessThan(0.01);
    }
  });
});

describe('clusters', () => {
  const markers = Array.from({ length: 10_000 }, (_, at) => marker(at));

  it('hold each camera once and keep apart', () => {
    const radius = 40 / 2 ** 20;
    const clusters = clustersOf(markers, radius);
    const names = clusters.flatMap((cluster) => cluster.members.map((member) => member.camera));
    expect(names).toHaveLength(10_000);
    expect(new Set(names).size).toBe(10_000);
    expect(clusters.length).toBeLessThan(3_000);
    for (const { members } of clusters) {
      const [seed] = members;
      expect(
        members.every((each) => seed && Math.hypot(each.x - seed.x, each.y - seed.y) <= 2 * radius),
      ).toBe(true);
    }
  });

  it('count states, and come apart as one zooms', () => {
    const levels = new Clusters(markers);
    const far = levels.at(2 ** 10);
    const total = far.reduce((sum, cluster) => sum + cluster.states.ONLINE + cluster.states.OFFLINE, 0);
    expect(total).toBe(10_000);
    expect(far.reduce((sum, cluster) => sum + cluster.states.OFFLINE, 0)).toBe(1_000);
    expect(levels.at(2 ** 30).length).toBeGreaterThan(far.length * 10);
    expect(levels.at(2 ** 10.2)).toBe(far);
  });

  it('keep what stands at one place together, however near', () => {
    const mast = ['a', 'b'].map((camera): Marker => ({ camera, state: 'ONLINE', ...project(GATE) }));
    expect(new Clusters(mast).at(2 ** 31)).toHaveLength(1);
  });
});

describe('names of regions', () => {
  const regions = [region('1', '', '广水市'), region('2', '1', '柳林村'), region('3', '1', '桃源村')];
  const cameras = [
    camera('a', '2', 31.6, 113.8),
    camera('b', '2', 31.603, 113.804),
    camera('c', '3', 31.7, 114),
  ];
  const extents = extentsOf(regions, [...cameras, { ...camera('d', '3', 0, 0), location: null }]);

  it('stand above their cameras, the larger first, and do not hide each other', () => {
    const view = fitted(
      cameras.map((each) => project(each.location ?? GATE)),
      SIZE,
    );
    const texts = labelsOf(extents, view ?? { centre: project(GATE), scale: 1 }, SIZE, () => 60).map(
      (label) => label.text,
    );
    expect(extents.map((each) => each.name)).toEqual(['广水市', '柳林村', '桃源村']);
    expect(texts[0]).toBe('广水市');
    const wide = labelsOf(extents, view ?? { centre: project(GATE), scale: 1 }, SIZE, () => 5_000);
    expect(wide.length).toBeLessThan(3);
  });
});

/** 10,000 cameras over about 60 km, one of ten away. */
function marker(at: number): Marker {
  const state: CameraState = at % 10 === 0 ? 'OFFLINE' : 'ONLINE';
  const latitude = 31.4 + ((at * 7919) % 10_000) / 20_000;
  const longitude = 113.5 + ((at * 104_729) % 9_973) / 15_000;
  return { camera: `cameras/c-${at}`, state, ...project({ latitude, longitude }) };
}

function region(code: string, parent: string, display_name: string): Region {
  return { name: `regions/${code}`, parent: `regions/${parent}`, level: 'VILLAGE', display_name };
}

function camera(id: string, code: string, latitude: number, longitude: number): Camera {
  const location = { latitude, longitude };
  return { name: `cameras/${id}`, region: `regions/${code}`, location, state: 'ONLINE' } as Camera;
}
