import { describe, expect, it } from 'vitest';
import { Glide } from '../src/day/glide';
import { follow, initialView, pan, SHORTEST_VIEW, ticks, toInstant, toX, zoom } from '../src/day/scale';
import { boundsOf, clockOf } from '../src/i18n/zone';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A day in Shanghai. */
const day = { start: 1000 * HOUR, end: 1024 * HOUR };

describe('the timeline scale', () => {
  it('maps pixels and instants onto each other', () => {
    expect(toX(day, day.start + 6 * HOUR, 960)).toBe(240);
    expect(toInstant(day, 240, 960)).toBe(day.start + 6 * HOUR);
  });

  it('zooms around the pointer', () => {
    const anchor = day.start + 8 * HOUR;
    const near = zoom(day, 0.25, anchor, day);
    expect(near.end - near.start).toBe(6 * HOUR);
    expect(toX(near, anchor, 900)).toBeCloseTo(toX(day, anchor, 900), 6);
  });

  it('never leaves the day and never gets shorter than ten seconds', () => {
    expect(zoom(day, 10, day.start, day)).toEqual(day);
    const shortest = zoom(day, 1e-9, day.end, day);
    expect(shortest.end - shortest.start).toBe(SHORTEST_VIEW);
    const hour = { start: day.start, end: day.start + HOUR };
    expect(pan(hour, -HOUR, day)).toEqual(hour);
    expect(pan(hour, 48 * HOUR, day)).toEqual({ start: day.end - HOUR, end: day.end });
  });

  it('turns the page when the playhead runs out of it', () => {
    const hour = { start: day.start, end: day.start + HOUR };
    expect(follow(hour, day.start + HOUR / 2, day)).toBe(hour);
    expect(follow(hour, day.start + HOUR + 1, day).start).toBeGreaterThan(day.start + 50 * MINUTE);
  });
});

describe('the first view', () => {
  it('is the whole day for a day that is over', () => {
    expect(initialView([{ start: day.start, end: day.start + HOUR }], day, day.end)).toEqual(day);
  });

  it('shows a camera that began two minutes ago large enough to click', () => {
    const now = day.start + 12 * HOUR;
    const view = initialView([{ start: now - 2 * MINUTE, end: now }], day, now);
    expect(view.end - view.start).toBe(10 * MINUTE);
    expect(toX(view, now - 2 * MINUTE, 1000)).toBeGreaterThan(0);
    expect(toX(view, now, 1000)).toBeLessThan(1000);
  });
});

describe('a glide', () => {
  it('keeps what is under the pointer there all the way', () => {
    const glide = new Glide(day);
    const anchor = day.start + 7 * HOUR;
    glide.aim(zoom(day, 0.01, anchor, day), 1000);
    for (const now of [1000, 1040, 1100, 1139, 1200])
      expect(toX(glide.at(now), anchor, 900)).toBeCloseTo(toX(day, anchor, 900), 3);
    expect(glide.at(1060).end).toBeLessThan(day.end);
    expect(glide.at(1060)).not.toEqual(glide.target);
    expect(glide.at(1150)).toEqual(glide.target);
  });
});

describe('ticks on the days on which clocks change', () => {
  const hours = (date: string, zone: string, width = 1300) => {
    const bounds = boundsOf(date, zone);
    return ticks(bounds, bounds, width, 76, zone)
      .filter((tick) => tick.major)
      .map((tick) => clockOf(tick.instant, zone).slice(0, 5));
  };

  it('are at round hours of the wall clock, in 23 hours', () => {
    expect(hours('2025-03-30', 'Europe/Berlin')).toEqual(
      ['00', '04', '06', '08', '10', '12', '14', '16', '18', '20', '22', '00'].map((hour) => `${hour}:00`),
    );
  });

  it('show the hour that comes twice, in 25 hours', () => {
    const shown = hours('2025-10-26', 'Europe/Berlin', 2600);
    expect(shown).toHaveLength(26);
    expect(shown.slice(0, 5)).toEqual(['00:00', '01:00', '02:00', '02:00', '03:00']);
  });

  it('are right where clocks change by half an hour', () => {
    expect(hours('2025-04-06', 'Australia/Lord_Howe').slice(0, 3)).toEqual(['00:00', '02:00', '04:00']);
  });
});

describe('ticks', () => {
  it('label full hours on a whole day at 1300 px', () => {
    const majors = ticks(day, day, 1300, 76).filter((tick) => tick.major);
    expect(majors.map((tick) => (tick.instant - day.start) / HOUR)).toEqual(
      Array.from({ length: 13 }, (_, index) => index * 2),
    );
  });

  it('never put labels closer than asked', () => {
    for (const length of [SHORTEST_VIEW, 10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR]) {
      const view = { start: day.start + 37 * 1000, end: day.start + 37 * 1000 + length };
      const xs = ticks(view, day, 700, 76)
        .filter((tick) => tick.major)
        .map((tick) => toX(view, tick.instant, 700));
      xs.slice(1).forEach((x, index) => expect(x - (xs[index] ?? 0)).toBeGreaterThanOrEqual(76));
    }
  });
});
