import type { Grant, GrantDraft, GrantKind, GrantStep, Opening } from '../../api/consent';

/** What can be done with a grant by whoever looks at it; whether they may, the server decides. */
export function stepsOf(grant: Pick<Grant, 'state' | 'requester' | 'beneficiary'>, own: string): GrantStep[] {
  if (grant.state === 'approved') return ['revoke'];
  if (grant.state !== 'requested') return [];
  if (grant.requester === own) return ['withdraw'];
  return grant.beneficiary === own ? [] : ['approve', 'deny'];
}

export interface GrantForm {
  kind: GrantKind;
  cameras: string[];
  actions: Opening[];
  reason: string;
  caseNumber: string;
  beneficiary: string;
  hours: string;
  /** RFC 3339, "" for none. */
  start: string;
  end: string;
}

/** Only what its kind takes (docs/consent.md): an emergency has no beneficiary and no duration of its own. */
export function draftOf(form: GrantForm): GrantDraft {
  const draft: GrantDraft = { kind: form.kind, cameras: form.cameras, reason: form.reason.trim() };
  if (form.actions.length > 0) draft.actions = form.actions;
  if (form.start !== '') draft.window_start = form.start;
  if (form.end !== '') draft.window_end = form.end;
  if (form.kind === 'emergency') return draft;
  draft.duration_s = Math.round(Number(form.hours) * 3600);
  if (form.beneficiary.trim() !== '') draft.beneficiary = form.beneficiary.trim();
  if (form.kind === 'case') draft.case_number = form.caseNumber.trim();
  return draft;
}
