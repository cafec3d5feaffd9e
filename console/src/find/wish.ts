import { boundsOf, clockOf, dateOf, isDate } from '../i18n/zone';
import { circleAround, type Place } from './map/geo';
import type { Area } from './map/painter';

/** What somebody looks for: the footage of some minutes around a point, or inside of a line drawn by hand. */
export interface Wish {
  area: Area;
  /** Epoch milliseconds. */
  start: number;
  minutes: number;
}

/** As the gateway bounds them. */
export const FARTHEST_M = 5_000;
export const LONGEST_MINUTES = 24 * 60;
/** A line drawn by hand keeps so many of its places: the address has to carry them. */
const MOST_CORNERS = 48;
const DIGITS = 6;

/** For the address, so that "back" finds again what was found. */
export function queryOf({ area, start, minutes }: Wish): string {
  const time = `start=${new Date(start).toISOString()}&minutes=${minutes}`;
  if (area.kind === 'lasso') {
    const step = Math.max(1, Math.ceil(area.ring.length / MOST_CORNERS));
    return `ring=${area.ring
      .filter((_, index) => index % step === 0)
      .map(pair)
      .join(';')}&${time}`;
  }
  const { latitude, longitude } = area.centre;
  const at = `latitude=${short(latitude)}&longitude=${short(longitude)}`;
  return `${at}&radius=${Math.round(area.radius)}&${time}`;
}

/** Null when it is empty or was written by hand, and wrongly. */
export function wishOf(query: string): Wish | null {
  const given = new URLSearchParams(query);
  const start = Date.parse(given.get('start') ?? '');
  const minutes = numberIn(given.get('minutes'), 1, LONGEST_MINUTES);
  const area = areaOf(given);
  return Number.isNaN(start) || minutes === null || area === null ? null : { area, start, minutes };
}

function areaOf(given: URLSearchParams): Area | null {
  const ring = given.get('ring');
  if (ring !== null) {
    const places = ring.split(';').map((each) => {
      const [latitude, longitude] = each.split(',');
      return placeIn(latitude, longitude);
    });
    return places.length < 3 || places.includes(null) ? null : { kind: 'lasso', ring: places as Place[] };
  }
  const centre = placeIn(given.get('latitude'), given.get('longitude'));
  const radius = numberIn(given.get('radius'), 1, FARTHEST_M);
  return centre === null || radius === null ? null : { kind: 'circle', centre, radius };
}

export function placeIn(
  latitude: string | null | undefined,
  longitude: string | null | undefined,
): Place | null {
  const north = numberIn(latitude, -90, 90);
  const east = numberIn(longitude, -180, 180);
  return north === null || east === null ? null : { latitude: north, longitude: east };
}

export function numberIn(text: string | null | undefined, least: number, most: number): number | null {
  const value = Number(text ?? '');
  return (text ?? '').trim() !== '' && value >= least && value <= most ? value : null;
}

/** The circle that the gateway is asked about. */
export function circleOf(area: Area): { centre: Place; radius: number } {
  return area.kind === 'circle' ? area : circleAround(area.ring);
}

/** "2026-11-26T08:30:00" on the platform's clock, for a control of the type datetime-local. */
export function localOf(instant: number): string {
  return `${dateOf(instant)}T${clockOf(instant)}`;
}

/** Epoch milliseconds, null for what is no time. An hour that the clock leaves out is the one after it. */
export function instantOf(local: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(local);
  const [, date = '', hours, minutes, seconds = '0'] = match ?? [];
  if (!isDate(date)) return null;
  const wanted = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  const guess = boundsOf(date).start + wanted;
  const [h = 0, m = 0, s = 0] = clockOf(guess).split(':').map(Number);
  const shown = ((h * 60 + m) * 60 + s) * 1000;
  return dateOf(guess) === date ? guess + wanted - shown : guess;
}

function pair({ latitude, longitude }: Place): string {
  return `${short(latitude)},${short(longitude)}`;
}

function short(degrees: number): string {
  return String(Number(degrees.toFixed(DIGITS)));
}
