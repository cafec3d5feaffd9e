import { describe, expect, it } from 'vitest';
import { discontinuityRebaser } from '../src/player/discontinuities';

const playlist = (sequence: number) =>
  `#EXTM3U\n#EXT-X-DISCONTINUITY-SEQUENCE:${sequence}\n#EXTINF:2,\n1.m4s\n`;

describe("a playlist's discontinuities", () => {
  it('are counted from the first one seen, with their differences kept', () => {
    const rebase = discontinuityRebaser();
    expect(rebase(playlist(1_795_320_069))).toBe(playlist(0));
    expect(rebase(playlist(1_795_320_071))).toBe(playlist(2));
  });

  it('never become negative when a server begins anew', () => {
    const rebase = discontinuityRebaser();
    rebase(playlist(50));
    expect(rebase(playlist(0))).toBe(playlist(0));
  });

  it('change nothing else', () => {
    const plain = '#EXTM3U\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\n1.m4s\n';
    expect(discontinuityRebaser()(plain)).toBe(plain);
  });
});
