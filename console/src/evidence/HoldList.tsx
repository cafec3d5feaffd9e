import { useCallback, useState, type FormEvent } from 'react';
import { listHolds, releaseHold, type Hold } from '../api/evidence';
import { useRegistry } from '../cameras/RegistryProvider';
import { Dialog } from '../design/Dialog';
import { DialogFoot } from '../design/DialogFoot';
import { Field } from '../design/Field';
import { useMessages } from '../i18n/LocaleProvider';
import { dateTimeOf } from '../i18n/zone';
import { useSession } from '../session/SessionProvider';
import { windowText } from './ExportList';
import { ListState } from './ListState';
import { usePolled } from './usePolled';
import { useSubmission } from './useSubmission';

const PAUSE_MS = 30_000;

export function HoldList() {
  const words = useMessages().take;
  const { api, clock } = useSession();
  const [all, setAll] = useState(false);
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const read = useCallback(
    (count: number, signal: AbortSignal) => listHolds(api, all, count, signal),
    [api, all],
  );
  const polled = usePolled<Hold>(read, pauseOf);
  const now = clock.now();
  return (
    <section data-testid="holds" aria-label={words.holds}>
      <label className="switch evidence-all">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
        <span>{words.endedToo}</span>
      </label>
      <ul className="evidence-list">
        {polled.page?.items.map((each) => (
          <HoldRow key={each.name} hold={each} now={now} onRelease={() => setReleasing(each)} />
        ))}
      </ul>
      <ListState polled={polled} icon="hold" empty={words.noHolds} hint={words.noHoldsHint} />
      {releasing === null ? null : (
        <ReleaseDialog
          hold={releasing}
          onClose={() => setReleasing(null)}
          onDone={() => {
            setReleasing(null);
            polled.reload();
          }}
        />
      )}
    </section>
  );
}

function pauseOf(): number {
  return PAUSE_MS;
}

interface HoldRowProps {
  hold: Hold;
  now: number;
  onRelease: () => void;
}

function HoldRow({ hold, now, onRelease }: HoldRowProps) {
  const words = useMessages().take;
  const { byName } = useRegistry();
  const expired = hold.expire_time !== null && Date.parse(hold.expire_time) <= now;
  const state = hold.release_time !== null ? 'released' : expired ? 'expired' : 'held';
  return (
    <li className="evidence-row" data-testid="hold" data-state={state} data-hold={hold.name}>
      <div className="evidence-what">
        <h2>{byName.get(hold.camera)?.display_name ?? hold.camera}</h2>
        <p className="digits">{windowText(hold.start, hold.end)}</p>
        <p className="faint">
          <b>{hold.case_number}</b> · {hold.reason}
        </p>
      </div>
      <div className="evidence-how">
        <span className="evidence-state" data-state={state === 'held' ? 'SUCCEEDED' : 'EXPIRED'}>
          {words.holdStates[state]}
        </span>
        {hold.expire_time !== null && state === 'held' ? (
          <span className="faint digits">{words.until(dateTimeOf(Date.parse(hold.expire_time)))}</span>
        ) : null}
        {hold.release_reason === '' ? null : <span className="faint">{hold.release_reason}</span>}
        {(hold.missing ?? []).length > 0 ? (
          <span className="evidence-error">{words.missing(hold.missing.length)}</span>
        ) : null}
        <span className="faint digits">{words.made(dateTimeOf(Date.parse(hold.create_time)))}</span>
      </div>
      <div className="evidence-actions">
        {state === 'held' ? (
          <button type="button" className="button" data-testid="hold-release" onClick={onRelease}>
            {words.release}
          </button>
        ) : null}
      </div>
    </li>
  );
}

interface ReleaseDialogProps {
  hold: Hold;
  onClose: () => void;
  onDone: () => void;
}

function ReleaseDialog({ hold, onClose, onDone }: ReleaseDialogProps) {
  const messages = useMessages();
  const words = messages.take;
  const { api } = useSession();
  const [reason, setReason] = useState('');
  const submission = useSubmission(['reason']);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === '') {
      submission.setFaults({ reason: words.needReason });
      return;
    }
    const done = await submission.run(async () => {
      await releaseHold(api, hold.name, reason.trim());
    });
    if (done) onDone();
  };
  return (
    <Dialog title={words.releaseTitle} narrow onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <div className="dialog-body">
          <p className="faint">{words.releaseText}</p>
          <Field label={words.reason} error={submission.faultOf('reason')} hint={words.onRecord}>
            {(ids) => (
              <input
                {...ids}
                data-testid="release-reason"
                autoComplete="off"
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
        </div>
        <DialogFoot
          problem={submission.problem}
          problemTestId="release-error"
          submit={words.release}
          testId="release-submit"
          danger
          busy={submission.busy}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
