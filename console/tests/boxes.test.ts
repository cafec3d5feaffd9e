import { describe, expect, it } from 'vitest';
import { fragmentTimes, videoTrack } from '../src/player/boxes';
import { box, concat, fragment, initSection, u32 } from './fakes';

const INSTANT = Date.parse('2025-11-22T08:00:00.250Z');

describe('an init section', () => {
  it('tells the video track, whatever stands before it', () => {
    expect(videoTrack(initSection())).toEqual({ id: 1, timescale: 90_000 });
  });

  it('without video, cut off or made of noise tells none', () => {
    const init = initSection();
    expect(videoTrack(box('moov'))).toBeNull();
    for (let length = 0; length < init.length; length += 1) {
      expect(videoTrack(init.subarray(0, length))).toBeNull();
    }
    expect(videoTrack(new Uint8Array(64).fill(255))).toBeNull();
  });
});

describe('a fragment', () => {
  const track = { id: 1, timescale: 90_000 };

  it('tells when its video begins, and which instant that is', () => {
    const times = fragmentTimes(fragment(7.5, INSTANT), track);
    expect(times?.start).toBe(7.5);
    expect((times?.epoch ?? 0) + 7500).toBeCloseTo(INSTANT, 2);
  });

  it('of a camera that has been on for a year is told as exactly', () => {
    const year = 366 * 86_400;
    const times = fragmentTimes(fragment(year, INSTANT), track);
    expect(times?.start).toBe(year);
    expect((times?.epoch ?? 0) + year * 1000).toBeCloseTo(INSTANT, 1);
  });

  it('without prft has a beginning and no instant', () => {
    const tfdt = box('tfdt', u32(0), u32(90_000));
    const moof = box('moof', box('traf', box('tfhd', u32(0), u32(1)), tfdt));
    expect(fragmentTimes(moof, track)).toEqual({ start: 1, epoch: null });
  });

  it('that is cut off or made of noise never throws', () => {
    const whole = concat(fragment(1, INSTANT));
    for (let length = 0; length < whole.length; length += 1) fragmentTimes(whole.subarray(0, length), track);
    for (let at = 0; at < whole.length; at += 1) {
      const bent = whole.slice();
      bent[at] = 255;
      fragmentTimes(bent, track);
    }
    expect(fragmentTimes(new Uint8Array(3), track)).toBeNull();
  });
});
