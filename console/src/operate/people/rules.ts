import type { ManagedPrincipal, PrincipalDraft } from '../../api/people';
import type { Principal } from '../../api/types';

/** Rights that somebody can give (docs/rights.md, "Giving rights"), for offering; the server decides. */
export function rolesFor(own: Pick<Principal, 'roles'>): string[] {
  if (!own.roles.includes('ADMIN')) return [];
  return ['VIEWER', 'OPERATOR', 'ADMIN', ...(own.roles.includes('AUDITOR') ? ['AUDITOR'] : [])];
}

export function linesFor(own: Pick<Principal, 'line'>): string[] {
  return own.line === 'GOVERNMENT' ? ['GOVERNMENT', 'RESIDENT'] : [own.line];
}

const CHANGEABLE = ['display_name', 'organisation', 'roles', 'scope', 'disabled'] as const;

/** Only what is another: somebody may be allowed to disable a person and not to name their organisation. */
export function changedFields(person: ManagedPrincipal, draft: PrincipalDraft): PrincipalDraft {
  const changed = CHANGEABLE.filter(
    (field) => JSON.stringify(person[field]) !== JSON.stringify(draft[field]),
  );
  return Object.fromEntries(changed.map((field) => [field, draft[field]]));
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 80 bits, without letters that are taken for each other on paper. */
export function newPassword(random: (bytes: Uint8Array) => Uint8Array = fill): string {
  const groups: string[] = [];
  let group = '';
  while (groups.length < 4) {
    for (const byte of random(new Uint8Array(32))) {
      // Bytes beyond the last whole multiple would make some letters likelier.
      if (byte >= 256 - (256 % LETTERS.length)) continue;
      group += LETTERS[byte % LETTERS.length];
      if (group.length < 4) continue;
      groups.push(group);
      group = '';
      if (groups.length === 4) break;
    }
  }
  return groups.join('-');
}

function fill(bytes: Uint8Array): Uint8Array {
  return crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
