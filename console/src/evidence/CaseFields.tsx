import { Field } from '../design/Field';
import { instantOf } from '../find/wish';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';

/** A window, on the platform's clock, and what it is wanted for. */
export interface Case {
  start: string;
  end: string;
  case_number: string;
  reason: string;
}

interface CaseFieldsProps {
  form: Case;
  faultOf: (field: string) => string | undefined;
  onChange: (form: Case) => void;
}

export function CaseFields({ form, faultOf, onChange }: CaseFieldsProps) {
  const words = useMessages().take;
  const input = (field: keyof Case, label: string, wide: boolean, hint?: string) => (
    <Field label={label} hint={hint} error={faultOf(field)} wide={wide}>
      {(ids) => (
        <input
          {...ids}
          type={field === 'start' || field === 'end' ? 'datetime-local' : 'text'}
          step={1}
          name={field}
          data-testid={`case-${field}`}
          autoComplete="off"
          value={form[field]}
          onChange={(event) => onChange({ ...form, [field]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {input('start', words.from, false)}
      {input('end', words.to, false)}
      {input('case_number', words.caseNumber, false)}
      {input('reason', words.reason, false, words.onRecord)}
    </>
  );
}

/** What can be seen to be wrong before asking the server. */
export function caseFaults(form: Case, words: Messages['take'], longestMs: number): Record<string, string> {
  const faults: Record<string, string> = {};
  const [start, end] = [instantOf(form.start), instantOf(form.end)];
  if (start === null) faults['start'] = words.needTime;
  if (end === null) faults['end'] = words.needTime;
  else if (start !== null && end <= start) faults['end'] = words.endBeforeStart;
  else if (start !== null && end - start > longestMs) faults['end'] = words.tooLong(longestMs / 3_600_000);
  if (form.case_number.trim() === '') faults['case_number'] = words.needCase;
  if (form.reason.trim() === '') faults['reason'] = words.needReason;
  return faults;
}
