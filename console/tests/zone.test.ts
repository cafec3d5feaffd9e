import { describe, expect, it } from 'vitest';
import { addDays, boundsOf, clockOf, dateOf, dateTimeOf, isDate } from '../src/i18n/zone';

describe('days in Asia/Shanghai', () => {
  it('begin at 16:00 UTC of the day before', () => {
    expect(boundsOf('2025-11-22')).toEqual({
      start: Date.parse('2025-11-21T16:00:00Z'),
      end: Date.parse('2025-11-22T16:00:00Z'),
    });
  });

  it('are told from an instant', () => {
    const instant = Date.parse('2025-12-31T16:00:01Z');
    expect(dateOf(instant)).toBe('2026-01-01');
    expect(clockOf(instant)).toBe('00:00:01');
    expect(dateTimeOf(instant - 2000)).toBe('2025-12-31 23:59:59');
  });
});

describe('a zone with summer time', () => {
  it('has a day of 23 hours and one of 25', () => {
    const hours = (date: string) => {
      const { start, end } = boundsOf(date, 'Europe/Berlin');
      return (end - start) / 3_600_000;
    };
    expect(hours('2025-03-30')).toBe(23);
    expect(hours('2025-10-26')).toBe(25);
    expect(hours('2025-10-27')).toBe(24);
  });
});

describe('dates', () => {
  it('step over months and leap days', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2025-01-01', -1)).toBe('2024-12-31');
  });

  it('that do not exist are refused', () => {
    expect(isDate('2025-02-29')).toBe(false);
    expect(isDate('yesterday')).toBe(false);
    expect(() => boundsOf('2025-13-01')).toThrow(RangeError);
  });
});
