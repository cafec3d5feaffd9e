import { describe, expect, it } from 'vitest';
import {
  clearTile,
  EMPTY_LAYOUT,
  fill,
  layoutOf,
  move,
  neighbour,
  parseLayout,
  place,
  placeNext,
  resize,
  shownCameras,
  shownTiles,
  TILES,
} from '../src/wall/layout';

const first = (tiles: readonly (string | null)[], count = 4) => tiles.slice(0, count);

describe('the wall', () => {
  it('is filled by clicks in the list', () => {
    const wall = ['a', 'b', 'c', 'd'].reduce(placeNext, EMPTY_LAYOUT);
    expect(shownCameras(wall)).toEqual(['a', 'b', 'c', 'd']);
    expect(shownCameras(placeNext(wall, 'e'))).toEqual(['a', 'b', 'c', 'e']);
    const nine = ['a', 'b', 'c', 'd', 'e'].reduce(placeNext, resize(EMPTY_LAYOUT, 9));
    expect(shownCameras(nine)).toEqual(['a', 'b', 'c', 'd', 'e', null, null, null, null]);
  });

  it('shows a camera once: placing it again moves it', () => {
    const wall = place(place(EMPTY_LAYOUT, 0, 'a'), 1, 'b');
    expect(first(place(wall, 1, 'a').tiles)).toEqual(['b', 'a', null, null]);
  });

  it('keeps the selected tile when only one picture is shown', () => {
    const wall = resize(place(EMPTY_LAYOUT, 2, 'c'), 1);
    expect(shownTiles(wall)).toEqual([2]);
    expect(placeNext(wall, 'x')).toMatchObject({ selected: 2 });
    expect(shownCameras(placeNext(wall, 'x'))).toEqual(['x']);
  });

  it('fills only what is empty and seen, with what is not shown yet', () => {
    const wall = fill(place(EMPTY_LAYOUT, 1, 'b'), ['a', 'b', 'c', 'd', 'e', 'f']);
    expect(first(wall.tiles, 6)).toEqual(['a', 'b', 'c', 'd', null, null]);
  });

  it('clears one tile and selects it', () => {
    const wall = clearTile(place(EMPTY_LAYOUT, 3, 'd'), 3);
    expect(wall).toMatchObject({ tiles: EMPTY_LAYOUT.tiles, selected: 3 });
  });

  it('that gets smaller and larger again has forgotten nothing', () => {
    const wall = place(resize(EMPTY_LAYOUT, 16), 15, 'p');
    const small = resize(wall, 4);
    expect(small.selected).toBe(0);
    expect(shownCameras(small)).toEqual([null, null, null, null]);
    expect(resize(small, 16).tiles[15]).toBe('p');
  });
});

describe('a tile', () => {
  it('has neighbours up to the edge of the wall', () => {
    expect(neighbour(9, 4, 1, 0)).toBe(5);
    expect(neighbour(9, 4, 0, -1)).toBe(1);
    expect(neighbour(9, 5, 1, 0)).toBeNull();
    expect(neighbour(9, 7, 0, 1)).toBeNull();
    expect(neighbour(1, 0, 1, 0)).toBeNull();
  });

  it('changes places with its neighbour, and stays selected', () => {
    const wall = place(place(EMPTY_LAYOUT, 0, 'a'), 2, 'c');
    const moved = move(wall, 0, 0, 1);
    expect(first(moved.tiles)).toEqual(['c', null, 'a', null]);
    expect(moved.selected).toBe(2);
    expect(move(wall, 0, -1, 0)).toBe(wall);
  });
});

describe('a stored layout', () => {
  it('comes back as it was', () => {
    const wall = resize(place(EMPTY_LAYOUT, 2, 'c'), 16);
    expect(parseLayout(JSON.stringify(wall))).toEqual(wall);
  });

  it('of the time when walls had four tiles comes back too', () => {
    const wall = parseLayout('{"size":4,"tiles":["a",null,"c",null],"selected":2}');
    expect(wall.tiles).toHaveLength(TILES);
    expect(shownCameras(wall)).toEqual(['a', null, 'c', null]);
    expect(wall.selected).toBe(2);
  });

  it('that is damaged is the empty wall', () => {
    for (const text of [null, '', '{', '[]', '{"tiles":[1,2,3,4]}', '{"tiles":"a"}']) {
      expect(parseLayout(text)).toEqual(EMPTY_LAYOUT);
    }
    expect(parseLayout('{"tiles":["a"],"selected":9,"size":7}')).toMatchObject({ selected: 0, size: 4 });
  });
});

describe('a saved layout', () => {
  it('makes a wall of as many tiles as it has', () => {
    const wall = layoutOf(['a', null, 'c', 'd']);
    expect(wall?.size).toBe(4);
    expect(wall && shownCameras(wall)).toEqual(['a', null, 'c', 'd']);
  });

  it('of a size that there is not makes none', () => {
    expect(layoutOf(['a', 'b'])).toBeNull();
  });
});
