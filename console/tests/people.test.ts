import { describe, expect, it } from 'vitest';
import type { ManagedPrincipal } from '../src/api/people';
import { draftOf, stepsOf, type GrantForm } from '../src/operate/consent/steps';
import { instantOf, localOf } from '../src/operate/instants';
import { changedFields, linesFor, newPassword, rolesFor } from '../src/operate/people/rules';

describe('giving rights', () => {
  it('offers no more than the admin has', () => {
    expect(rolesFor({ roles: ['ADMIN'] })).toEqual(['VIEWER', 'OPERATOR', 'ADMIN']);
    expect(rolesFor({ roles: ['ADMIN', 'AUDITOR'] })).toContain('AUDITOR');
    expect(rolesFor({ roles: ['OPERATOR'] })).toEqual([]);
    expect(linesFor({ line: 'GOVERNMENT' })).toEqual(['GOVERNMENT', 'RESIDENT']);
    expect(linesFor({ line: 'POLICE' })).toEqual(['POLICE']);
  });

  it('sends what is another, and nothing else', () => {
    const person = {
      display_name: 'A',
      organisation: '',
      roles: ['VIEWER'],
      scope: 'regions/1',
      disabled: false,
    };
    const changed = changedFields(person as unknown as ManagedPrincipal, { ...person, disabled: true });
    expect(changed).toEqual({ disabled: true });
  });

  it('makes passwords of letters that nobody confuses, whatever the bytes', () => {
    const password = newPassword((bytes) => bytes.fill(255).fill(7, 4));
    expect(password).toBe('hhhh-hhhh-hhhh-hhhh');
    expect(newPassword()).toMatch(/^([a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}$/);
    expect(newPassword()).not.toBe(newPassword());
  });
});

describe('a grant', () => {
  it('is decided by others than who asked or benefits, and ended once it holds', () => {
    const grant = { state: 'requested', requester: 'principals/a', beneficiary: 'principals/b' } as const;
    expect(stepsOf(grant, 'principals/a')).toEqual(['withdraw']);
    expect(stepsOf(grant, 'principals/b')).toEqual([]);
    expect(stepsOf(grant, 'principals/c')).toEqual(['approve', 'deny']);
    expect(stepsOf({ ...grant, state: 'approved' }, 'principals/a')).toEqual(['revoke']);
    expect(stepsOf({ ...grant, state: 'expired' }, 'principals/c')).toEqual([]);
  });

  it('is asked for with what its kind takes', () => {
    const form: GrantForm = {
      ...{ kind: 'case', cameras: ['cameras/a'], actions: ['live'], reason: ' r ', caseNumber: '1' },
      ...{ beneficiary: '', hours: '1.5', start: '', end: '' },
    };
    const common = { cameras: ['cameras/a'], actions: ['live'], reason: 'r' };
    expect(draftOf(form)).toEqual({ kind: 'case', ...common, case_number: '1', duration_s: 5400 });
    expect(draftOf({ ...form, kind: 'emergency' })).toEqual({ kind: 'emergency', ...common });
  });
});

describe('a local time', () => {
  const iso = (local: string, zone: string) => {
    const instant = instantOf(local, zone);
    return instant === null ? null : new Date(instant).toISOString();
  };

  it('is an instant by clocks here, also on the day they change', () => {
    expect(iso('2026-03-10T08:30', 'Asia/Shanghai')).toBe('2026-03-10T00:30:00.000Z');
    expect(iso('2026-03-29T08:30', 'Europe/Berlin')).toBe('2026-03-29T06:30:00.000Z');
    expect(iso('2026-10-25T08:30', 'Europe/Berlin')).toBe('2026-10-25T07:30:00.000Z');
    expect(localOf(Date.parse('2026-03-29T06:30:00Z'), 'Europe/Berlin')).toBe('2026-03-29T08:30');
  });

  it('that is none is none', () => {
    for (const text of ['', '2026-02-30T08:00', '2026-02-03', '2026-02-03T24:00', 'x']) {
      expect(instantOf(text)).toBeNull();
    }
  });
});
