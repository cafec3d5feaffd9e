import { describe, expect, it } from 'vitest';
import { clearTile, EMPTY_LAYOUT, fill, parseLayout, place, placeNext, shownTiles } from '../src/wall/layout';

describe('the wall', () => {
  it('is filled by four clicks in the list', () => {
    const wall = ['a', 'b', 'c', 'd'].reduce(placeNext, EMPTY_LAYOUT);
    expect(wall.tiles).toEqual(['a', 'b', 'c', 'd']);
    expect(placeNext(wall, 'e').tiles).toEqual(['a', 'b', 'c', 'e']);
  });

  it('shows a camera once: placing it again moves it', () => {
    const wall = place(place(EMPTY_LAYOUT, 0, 'a'), 1, 'b');
    expect(place(wall, 1, 'a').tiles).toEqual(['b', 'a', null, null]);
  });

  it('keeps the selected tile when only one picture is shown', () => {
    const wall = { ...place(EMPTY_LAYOUT, 2, 'c'), size: 1 as const };
    expect(shownTiles(wall)).toEqual([2]);
    expect(placeNext(wall, 'x')).toMatchObject({ selected: 2, tiles: [null, null, 'x', null] });
  });

  it('fills only what is empty, with what is not shown yet', () => {
    expect(fill(place(EMPTY_LAYOUT, 1, 'b'), ['a', 'b', 'c']).tiles).toEqual(['a', 'b', 'c', null]);
  });

  it('clears one tile and selects it', () => {
    expect(clearTile(place(EMPTY_LAYOUT, 3, 'd'), 3)).toMatchObject({
      tiles: [null, null, null, null],
      selected: 3,
    });
  });
});

describe('a stored layout', () => {
  it('comes back as it was', () => {
    const wall = { ...place(EMPTY_LAYOUT, 2, 'c'), size: 1 as const };
    expect(parseLayout(JSON.stringify(wall))).toEqual(wall);
  });

  it('that is damaged is the empty wall', () => {
    for (const text of [null, '', '{', '[]', '{"tiles":[1,2,3,4]}', '{"tiles":["a"]}']) {
      expect(parseLayout(text)).toEqual(EMPTY_LAYOUT);
    }
    expect(parseLayout('{"tiles":["a",null,null,null],"selected":9,"size":7}')).toMatchObject({
      selected: 0,
      size: 4,
    });
  });
});
