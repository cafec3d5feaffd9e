import { beforeEach, describe, expect, it } from 'vitest';
import { Hands } from '../src/day/hands';

const RULER = 32;
let wishes: [string, ...number[]][] = [];
let hands: Hands;

beforeEach(() => {
  wishes = [];
  hands = new Hands(RULER, {
    onScrub: (x) => wishes.push(['scrub', x]),
    onPick: (x) => wishes.push(['pick', x]),
    onPan: (by) => wishes.push(['pan', by]),
    onPinch: (factor, x) => wishes.push(['pinch', factor, x]),
    onCancel: () => wishes.push(['cancel']),
  });
});

describe('hands on the timeline', () => {
  it('click with a little tremor', () => {
    hands.press({ id: 1, x: 100, y: 50 });
    hands.move({ id: 1, x: 103, y: 51 });
    hands.release({ id: 1, x: 103, y: 51 });
    expect(wishes).toEqual([['pick', 103]]);
  });

  it('draw the playhead along and let it go', () => {
    hands.press({ id: 1, x: 100, y: 50 });
    hands.move({ id: 1, x: 120, y: 50 });
    hands.move({ id: 1, x: 118, y: 50 });
    hands.release({ id: 1, x: 118, y: 50 });
    expect(wishes).toEqual([
      ['scrub', 120],
      ['scrub', 118],
      ['pick', 118],
    ]);
  });

  it('pull the view by the ruler, without a seek', () => {
    hands.press({ id: 1, x: 100, y: 10 });
    hands.move({ id: 1, x: 90, y: 60 });
    hands.move({ id: 1, x: 85, y: 60 });
    hands.release({ id: 1, x: 85, y: 60 });
    expect(wishes).toEqual([
      ['pan', 10],
      ['pan', 5],
    ]);
  });

  it('spread two fingers to see more closely, around their middle', () => {
    hands.press({ id: 1, x: 100, y: 50 });
    hands.press({ id: 2, x: 200, y: 50 });
    hands.move({ id: 2, x: 300, y: 50 });
    hands.release({ id: 2, x: 300, y: 50 });
    hands.release({ id: 1, x: 100, y: 50 });
    expect(wishes).toEqual([['cancel'], ['pinch', 0.5, 200]]);
  });

  it('do nothing but point while nothing is pressed', () => {
    hands.move({ id: 1, x: 100, y: 50 });
    hands.release({ id: 1, x: 100, y: 50 });
    expect(wishes).toEqual([]);
  });
});
