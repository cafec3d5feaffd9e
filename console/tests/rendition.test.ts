import { describe, expect, it } from 'vitest';
import { choose, type Rendition } from '../src/player/rendition';

const none = new Set<Rendition>();

describe('the rendition of a picture', () => {
  it('is the sub stream while it is small and the camera has one', () => {
    expect(choose({ small: true, hasSub: true }, none)).toBe('sub');
    expect(choose({ small: true, hasSub: false }, none)).toBe('main');
    expect(choose({ small: false, hasSub: true }, none)).toBe('main');
  });

  it('is the next best where one is not to be had', () => {
    expect(choose({ small: true, hasSub: true }, new Set(['sub']))).toBe('main');
    expect(choose({ small: false, hasSub: false }, new Set(['main']))).toBe('h264');
    expect(choose({ small: false, hasSub: true }, new Set(['main', 'h264']))).toBe('sub');
    expect(choose({ small: true, hasSub: false }, new Set(['main', 'h264']))).toBe(null);
  });
});
