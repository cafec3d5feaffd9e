import { describe, expect, it } from 'vitest';
import { whyNotConverted } from '../src/player/converted';
import { sameState } from '../src/player/playerState';

describe('pictures that the platform encodes anew', () => {
  it('are waited for where there is no room, and given up where there is no way', () => {
    expect(whyNotConverted(429, 'H.265')).toEqual({ kind: 'unplayable', codec: 'H.265', crowded: true });
    const never = { kind: 'unplayable', codec: 'H.265', crowded: false };
    expect(whyNotConverted(412, 'H.265')).toEqual(never);
    expect(whyNotConverted(404, 'H.265', true)).toEqual(never);
  });

  it('fail as any others for every other reason', () => {
    for (const status of [0, 401, 403, 404, 410, 500, 503])
      expect(whyNotConverted(status, 'H.265')).toBeNull();
  });

  it('are told apart from the camera’s own', () => {
    expect(sameState({ kind: 'playing', converted: null }, { kind: 'playing', converted: 'H.264' })).toBe(
      false,
    );
    expect(sameState({ kind: 'loading' }, { kind: 'loading' })).toBe(true);
  });
});
