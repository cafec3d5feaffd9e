import { describe, expect, it } from 'vitest';
import { exportPath } from '../src/api/evidence';
import { caseFaults } from '../src/evidence/CaseFields';
import { circleOf, instantOf, localOf, queryOf, wishOf } from '../src/find/wish';
import { en } from '../src/i18n/en';

const start = Date.parse('2026-11-26T00:30:05Z');

describe('what is looked for', () => {
  it('survives the address', () => {
    const centre = { latitude: 31.612345, longitude: 113.812345 };
    const wish = { area: { kind: 'circle', centre, radius: 300 }, start, minutes: 20 } as const;
    expect(wishOf(queryOf(wish))).toEqual(wish);
    const ring = [centre, { latitude: 31.7, longitude: 113.9 }, { latitude: 31.6, longitude: 113.95 }];
    const drawn = { area: { kind: 'lasso' as const, ring }, start, minutes: 20 };
    expect(wishOf(queryOf(drawn))).toEqual(drawn);
  });

  it('keeps an address short, whatever was drawn', () => {
    const ring = Array.from({ length: 900 }, (_, at) => ({ latitude: at / 100, longitude: 1 }));
    const query = queryOf({ area: { kind: 'lasso', ring }, start, minutes: 20 });
    expect(query.length).toBeLessThan(1_000);
    expect(circleOf(wishOf(query)?.area ?? { kind: 'lasso', ring: [] }).centre.latitude).toBeCloseTo(4.5, 0);
  });

  it.each([
    '',
    'latitude=91&longitude=1&radius=5&start=2026-11-26T00:00:00Z&minutes=5',
    'latitude=31&longitude=113&radius=5001&start=2026-11-26T00:00:00Z&minutes=5',
    'latitude=31&longitude=113&radius=50&start=yesterday&minutes=5',
    'ring=1,2;3,4&start=2026-11-26T00:00:00Z&minutes=5',
  ])('is nothing for %s', (query) => expect(wishOf(query)).toBeNull());
});

describe('a time of day in a field', () => {
  it('is the platform’s, whatever the computer’s zone', () => {
    expect(localOf(start)).toBe('2026-11-26T08:30:05');
    expect(instantOf('2026-11-26T08:30:05')).toBe(start);
    expect(instantOf('2026-11-26T08:30')).toBe(start - 5_000);
    expect(['', '2026-02-30T08:30', '8:30'].map(instantOf)).toEqual([null, null, null]);
  });
});

describe('a case', () => {
  const form = {
    start: '2026-11-26T08:30',
    end: '2026-11-26T08:50',
    case_number: 'A1',
    reason: 'theft',
  };

  it('asks for number and purpose, and for a window that is one', () => {
    expect(caseFaults(form, en.take, 3_600_000)).toEqual({});
    expect(Object.keys(caseFaults({ ...form, case_number: ' ', reason: '' }, en.take, 3_600_000))).toEqual([
      'case_number',
      'reason',
    ]);
    expect(caseFaults({ ...form, end: form.start }, en.take, 3_600_000)).toEqual({
      end: en.take.endBeforeStart,
    });
    expect(caseFaults(form, en.take, 60_000)['end']).toBeDefined();
  });

  it('links to one file of an export, whatever it is called', () => {
    expect(exportPath('exports/7', 'download')).toBe('/v1/exports/7/download');
    expect(exportPath('exports/7', 'download', 'a&b.mp4')).toBe('/v1/exports/7/download?file=a%26b.mp4');
  });
});
