import { describe, expect, it } from 'vitest';
import { bands, labelled, rateAxis, rateY } from '../src/operate/dashboard/chart';
import { spanOf } from '../src/operate/dashboard/period';
import { entriesFor } from '../src/operate/entries';
import { formatBytes } from '../src/i18n/format';

describe('what is offered to operate', () => {
  const offered = (line: string, tier: string, ...roles: string[]) =>
    entriesFor({ line, roles, tier: tier as 'COUNTY' });

  it('follows line, tier and roles', () => {
    expect(offered('GOVERNMENT', 'COUNTY', 'ADMIN')).toEqual([
      'dashboard',
      'import',
      'people',
      'sets',
      'grants',
      'consents',
      'account',
    ]);
    expect(offered('GOVERNMENT', 'VILLAGE', 'ADMIN')).not.toContain('import');
    expect(offered('GOVERNMENT', 'TOWN', 'VIEWER')).toEqual(['dashboard', 'grants', 'consents', 'account']);
    expect(offered('POLICE', 'COUNTY', 'ADMIN')).not.toContain('import');
    expect(offered('CARRIER', 'COUNTY', 'OPERATOR')).toContain('import');
    expect(offered('GOVERNMENT', 'COUNTY', 'AUDITOR')).toEqual(['audit', 'account']);
    expect(offered('RESIDENT', 'VILLAGE', 'VIEWER')).toEqual(['consents', 'account']);
  });
});

describe('the rate chart', () => {
  it('begins below the lowest rate, and at 0 where one is bad', () => {
    expect(rateAxis([0.995, 1, null]).low).toBe(0.99);
    expect(rateAxis([0.96, 1]).low).toBe(0.95);
    expect(rateAxis([0.99, 1]).low).toBe(0.95);
    expect(rateAxis([0, 1])).toEqual({ low: 0, ticks: [0, 0.25, 0.5, 0.75, 1] });
    expect(rateAxis([null, null]).low).toBe(0.99);
  });

  it('has 100 % at the top and the lowest tick at the bottom', () => {
    const axis = rateAxis([0.92]);
    expect([1, 0.95, 0.9, 0.2].map((rate) => Math.round(rateY(rate, axis, 100)))).toEqual([0, 50, 100, 100]);
  });

  it('keeps bands inside its width, and labels apart', () => {
    for (const [count, width] of [
      [24, 700],
      [168, 700],
      [168, 300],
      [1, 200],
    ] as const) {
      const last = bands(count, width).at(-1);
      expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(width + 1);
      const marks = labelled(count, width, 56);
      const distances = marks.slice(1).map((mark, index) => ((mark - (marks[index] ?? 0)) * width) / count);
      expect(Math.min(56, ...distances)).toBeGreaterThanOrEqual(56);
    }
    expect(labelled(0, 700, 56)).toEqual([]);
    expect(bands(1, 700)).toEqual([{ x: 0, width: 48 }]);
  });
});

describe('a period', () => {
  it('begins with a local day and ends now', () => {
    const now = Date.parse('2026-03-10T01:30:00Z');
    expect(new Date(spanOf('today', now, 'Asia/Shanghai').start).toISOString()).toBe(
      '2026-03-09T16:00:00.000Z',
    );
    expect(new Date(spanOf('week', now, 'Asia/Shanghai').start).toISOString()).toBe(
      '2026-03-03T16:00:00.000Z',
    );
    expect(spanOf('month', now).end).toBe(now);
  });
});

describe('sizes', () => {
  it('are told in powers of a thousand', () => {
    expect([0, 999, 1500, 999_600, 1.25e12, 8e14].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.5 KB',
      '1.0 MB',
      '1.3 TB',
      '800 TB',
    ]);
  });
});
