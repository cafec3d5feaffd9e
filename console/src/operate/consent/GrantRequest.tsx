import { useState } from 'react';
import { GRANT_KINDS, OPENINGS, requestGrant } from '../../api/consent';
import { useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { Checks, ChoiceField, TextField } from '../fields';
import { rfc3339Of } from '../instants';
import { useWords } from '../words/useWords';
import { CameraPick } from './CameraPick';
import { draftOf, type GrantForm } from './steps';

const EMPTY: GrantForm = {
  kind: 'case',
  cameras: [],
  actions: ['live'],
  reason: '',
  caseNumber: '',
  beneficiary: '',
  hours: '4',
  start: '',
  end: '',
};

export function GrantRequest({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const words = useWords().consent;
  const { api } = useSession();
  const [form, setForm] = useState(EMPTY);
  const set = (changes: Partial<GrantForm>) => setForm({ ...form, ...changes });
  const text = (field: 'reason' | 'caseNumber' | 'beneficiary' | 'hours', label: string, hint?: string) => (
    <TextField
      label={label}
      hint={hint}
      value={form[field]}
      onChange={(value) => set({ [field]: value })}
      testId={`grant-${field}`}
      type={field === 'hours' ? 'number' : 'text'}
      required={field !== 'beneficiary'}
    />
  );
  const isEmergency = form.kind === 'emergency';
  const send = async () => {
    await requestGrant(api, draftOf({ ...form, start: rfc3339Of(form.start), end: rfc3339Of(form.end) }));
    onDone();
  };
  return (
    <ActDialog title={words.request} submit={words.request} onClose={onClose} onSubmit={send}>
      <ChoiceField
        label={words.kind}
        value={form.kind}
        options={GRANT_KINDS.map((kind) => [kind, words.kinds[kind]])}
        onChange={(kind) => set({ kind })}
        testId="grant-kind"
      />
      {text('reason', words.reason)}
      <p className="faint field-wide">{words.kindHints[form.kind]}</p>
      <CameraPick label={words.cameras} chosen={form.cameras} onChange={(cameras) => set({ cameras })} />
      <Checks
        legend={words.opens}
        chosen={form.actions}
        options={OPENINGS.map((action) => [action, words.openings[action]])}
        onChange={(actions) => set({ actions })}
      />
      {form.kind === 'case' ? text('caseNumber', words.caseNumber) : null}
      {isEmergency ? null : text('beneficiary', words.beneficiary, words.beneficiaryHint)}
      {isEmergency ? null : text('hours', words.hours)}
      {(['start', 'end'] as const).map((edge) => (
        <TextField
          key={edge}
          label={words.window[edge]}
          hint={words.windowHint}
          type="datetime-local"
          value={form[edge]}
          onChange={(value) => set({ [edge]: value })}
        />
      ))}
    </ActDialog>
  );
}
