import { describe, expect, it } from 'vitest';
import { besideFrame } from '../src/player/FrameClock';
import { stretch } from '../src/player/keyFrames';

function box(kind: string, ...content: (number[] | Uint8Array)[]): Uint8Array {
  const body = content.flatMap((part) => [...part]);
  return Uint8Array.from([...u32(body.length + 8), ...[...kind].map((c) => c.charCodeAt(0)), ...body]);
}

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

const FLAGS = { base: 0x020000, duration: 0x8 };

describe('a key frame cut out of its fragment', () => {
  it('stands until the next one, whichever box says how long', () => {
    const header = box('tfhd', u32(FLAGS.base | FLAGS.duration | 0x2), u32(1), u32(1), u32(3600), []);
    const run = box('trun', u32(0x301), u32(1), u32(100), u32(3600), u32(999));
    const bare = box('trun', u32(0x201), u32(1), u32(100), u32(999));
    const fragment = box('moof', box('mfhd', u32(0), u32(1)), box('traf', header, run, bare));
    const whole = Uint8Array.from([...box('prft', u32(0)), ...fragment, ...box('mdat', u32(7))]);
    const before = [...whole];
    stretch(whole, 180_000);
    const changed = [...whole.keys()].filter((at) => whole[at] !== before[at]);
    const words = [...new Set(changed.map((at) => new DataView(whole.buffer).getUint32(at & ~3)))];
    expect(words).toEqual([180_000]);
    expect(changed.length).toBeGreaterThan(4); // both boxes
  });
});

describe('the frame beside', () => {
  it('is aimed at in its middle', () => {
    expect(besideFrame(1, 0.04, 1)).toBeCloseTo(1.06);
    expect(besideFrame(1, 0.04, -1)).toBeCloseTo(0.98);
    expect(besideFrame(0.01, 0.04, -1)).toBe(0);
  });
});
