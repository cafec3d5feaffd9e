import { useState, type FormEvent } from 'react';
import { createHold } from '../api/evidence';
import { Dialog } from '../design/Dialog';
import { DialogFoot } from '../design/DialogFoot';
import { instantOf, localOf } from '../find/wish';
import { useMessages } from '../i18n/LocaleProvider';
import { goTo } from '../route';
import { useSession } from '../session/SessionProvider';
import { CameraChooser } from './CameraChooser';
import { CaseFields, caseFaults, type Case } from './CaseFields';
import './evidence.css';
import { useSubmission } from './useSubmission';

interface HoldDialogProps {
  cameras: string[];
  /** Epoch milliseconds. */
  start: number;
  end: number;
  onClose: () => void;
  onDone?: () => void;
}

const MOST_CAMERAS = 16;
const LONGEST_MS = 366 * 24 * 3_600_000;
const FIELDS = ['cameras', 'start', 'end', 'case_number', 'reason'];

/** Keeps footage past its retention: a hold for each camera. */
export function HoldDialog({ cameras, start, end, onClose, onDone }: HoldDialogProps) {
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
  const submission = useSubmission(FIELDS);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const faults = caseFaults(form, words, LONGEST_MS);
    if (names.length === 0) faults['cameras'] = words.needCamera;
    submission.setFaults(faults);
    const [from, to] = [instantOf(form.start), instantOf(form.end)];
    if (from === null || to === null || Object.keys(faults).length > 0) return;
    const done = await submission.run(async () => {
      for (const camera of names) {
        await createHold(api, {
          camera,
          start: new Date(from).toISOString(),
          end: new Date(to).toISOString(),
          case_number: form.case_number.trim(),
          reason: form.reason.trim(),
        });
        // What is held already is not held again when a later one is refused and tried anew.
        setNames((before) => before.filter((each) => each !== camera));
      }
    });
    if (!done) return;
    onClose();
    if (onDone) onDone();
    else goTo({ screen: 'evidence', tab: 'holds' });
  };

  return (
    <Dialog title={words.newHold} onClose={onClose}>
      <form
        className="evidence-form"
        data-testid="hold-form"
        noValidate
        onSubmit={(event) => void submit(event)}
      >
        <div className="dialog-body editor-grid">
          <p className="field-wide faint">{words.holdText}</p>
          <CameraChooser
            names={names}
            most={MOST_CAMERAS}
            error={submission.faultOf('cameras')}
            onChange={setNames}
          />
          <CaseFields form={form} faultOf={submission.faultOf} onChange={setForm} />
        </div>
        <DialogFoot
          problem={submission.problem}
          submit={words.holdIt}
          testId="hold-submit"
          busy={submission.busy}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
