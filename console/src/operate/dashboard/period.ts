import type { Step } from '../../api/operations';
import { addDays, boundsOf, dateOf } from '../../i18n/zone';

export const PERIODS = ['today', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

export const STEP_OF: Record<Period, Step> = { today: 'hour', week: 'hour', month: 'day' };
const DAYS: Record<Period, number> = { today: 1, week: 7, month: 30 };

/** From the first instant of the first local day up to `now`, epoch milliseconds. */
export function spanOf(period: Period, now: number, zone?: string): { start: number; end: number } {
  const first = addDays(dateOf(now, zone), 1 - DAYS[period]);
  return { start: boundsOf(first, zone).start, end: now };
}
