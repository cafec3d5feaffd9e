import { boundsOf, dateTimeOf, isDate } from '../i18n/zone';

/**
 * The instant of "2026-03-10T08:30" (<input type="datetime-local">) by clocks here, epoch milliseconds; null
 * when it is none. Of an hour that a change of the clock skips, the instant as far after it.
 */
export function instantOf(local: string, zone?: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(local);
  const [, date, hours, minutes, seconds] = match ?? [];
  if (date === undefined || !isDate(date) || Number(hours) > 23 || Number(minutes) > 59) return null;
  const intoDay = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000;
  const guess = boundsOf(date, zone).start + intoDay;
  // On the day of a change the clock shows another time than has passed since midnight.
  const shown = Date.parse(`${dateTimeOf(guess, zone).replace(' ', 'T')}Z`);
  return guess + (Date.parse(`${date}T00:00:00Z`) + intoDay - shown);
}

/** RFC 3339 of such an input; "" when it is empty or none. */
export function rfc3339Of(local: string): string {
  const instant = instantOf(local);
  return instant === null ? '' : new Date(instant).toISOString();
}

/** What such an input shows for an instant. */
export function localOf(instant: number, zone?: string): string {
  return dateTimeOf(instant, zone).slice(0, 16).replace(' ', 'T');
}
