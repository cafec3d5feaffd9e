import type { Principal, RegionLevel } from '../api/types';

export type Entry = 'dashboard' | 'import' | 'people' | 'sets' | 'grants' | 'consents' | 'audit' | 'account';

const SMALL: readonly (RegionLevel | undefined)[] = ['VILLAGE', 'GRID', 'GROUP', 'HOUSEHOLD_REGION'];

/**
 * What to offer, by docs/rights.md: a first guess from line, tier and roles. The server's refusal is the last
 * word, and each page shows it.
 */
export function entriesFor(principal: Pick<Principal, 'line' | 'roles' | 'tier'>): Entry[] {
  const { line, roles, tier } = principal;
  const is = (...wanted: string[]) => wanted.some((role) => roles.includes(role));
  const isResident = line === 'RESIDENT';
  const managesCameras = line === 'CARRIER' || (line === 'GOVERNMENT' && !SMALL.includes(tier));
  const entries: [Entry, boolean][] = [
    ['dashboard', !isResident && is('VIEWER', 'OPERATOR', 'ADMIN')],
    ['import', managesCameras && is('OPERATOR', 'ADMIN')],
    ['people', !isResident && is('ADMIN')],
    ['sets', !isResident && is('ADMIN')],
    ['grants', !isResident && is('VIEWER', 'OPERATOR', 'ADMIN')],
    ['consents', is('VIEWER', 'OPERATOR', 'ADMIN')],
    ['audit', is('AUDITOR')],
    ['account', true],
  ];
  return entries.filter(([, isOpen]) => isOpen).map(([entry]) => entry);
}
