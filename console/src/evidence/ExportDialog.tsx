import { useState, type FormEvent } from 'react';
import { createExport, type Cut } from '../api/evidence';
import { Dialog } from '../design/Dialog';
import { DialogFoot } from '../design/DialogFoot';
import { Field } from '../design/Field';
import { instantOf, localOf } from '../find/wish';
import { useMessages } from '../i18n/LocaleProvider';
import { goTo } from '../route';
import { useSession } from '../session/SessionProvider';
import { CameraChooser } from './CameraChooser';
import { CaseFields, caseFaults, type Case } from './CaseFields';
import './evidence.css';
import { useSubmission } from './useSubmission';

interface EvidenceDialogProps {
  cameras: string[];
  /** Epoch milliseconds. */
  start: number;
  end: number;
  onClose: () => void;
}

const MOST_CAMERAS = 16;
const LONGEST_MS = 24 * 3_600_000;
const FIELDS = ['cameras', 'start', 'end', 'case_number', 'reason', 'cut'];

/** Footage of a window as files, for a case that is told and goes on record. */
export function ExportDialog({ cameras, start, end, onClose }: EvidenceDialogProps) {
  const messages = useMessages();
  const words = messages.take;
  const { api } = useSession();
  const [names, setNames] = useState(cameras);
  const [form, setForm] = useState<Case>({
    start: localOf(start),
    end: localOf(end),
    case_number: '',
    reason: '',
  });
  const [cut, setCut] = useState<Cut>('KEY_FRAME');
  const [burnIn, setBurnIn] = useState(false);
  const submission = useSubmission(FIELDS);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const faults = caseFaults(form, words, LONGEST_MS);
    if (names.length === 0) faults['cameras'] = words.needCamera;
    submission.setFaults(faults);
    const [from, to] = [instantOf(form.start), instantOf(form.end)];
    if (from === null || to === null || Object.keys(faults).length > 0) return;
    const done = await submission.run(async () => {
      await createExport(api, {
        cameras: names,
        start: new Date(from).toISOString(),
        end: new Date(to).toISOString(),
        case_number: form.case_number.trim(),
        reason: form.reason.trim(),
        cut,
        burn_in: burnIn,
      });
    });
    if (!done) return;
    onClose();
    goTo({ screen: 'evidence', tab: 'exports' });
  };

  return (
    <Dialog title={words.newExport} onClose={onClose}>
      <form
        className="evidence-form"
        data-testid="export-form"
        noValidate
        onSubmit={(event) => void submit(event)}
      >
        <div className="dialog-body editor-grid">
          <CameraChooser
            names={names}
            most={MOST_CAMERAS}
            error={submission.faultOf('cameras')}
            onChange={setNames}
          />
          <CaseFields form={form} faultOf={submission.faultOf} onChange={setForm} />
          <Field label={words.cut} hint={words.cutHints[cut]} error={submission.faultOf('cut')} wide>
            {(ids) => (
              <select
                {...ids}
                data-testid="export-cut"
                value={cut}
                onChange={(event) => setCut(event.target.value as Cut)}
              >
                <option value="KEY_FRAME">{words.cuts.KEY_FRAME}</option>
                <option value="EXACT">{words.cuts.EXACT}</option>
              </select>
            )}
          </Field>
          <label className="switch field-wide">
            <input
              type="checkbox"
              data-testid="export-burn-in"
              checked={burnIn}
              onChange={(event) => setBurnIn(event.target.checked)}
            />
            <span>
              {words.burnIn} <span className="faint">{words.burnInHint}</span>
            </span>
          </label>
        </div>
        <DialogFoot
          problem={submission.problem}
          submit={words.beginExport}
          testId="export-submit"
          busy={submission.busy}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
