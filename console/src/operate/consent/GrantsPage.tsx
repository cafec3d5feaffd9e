import { useCallback, useState } from 'react';
import {
  GRANT_KINDS,
  GRANT_STATES,
  listGrants,
  stepGrant,
  type Grant,
  type GrantStep,
} from '../../api/consent';
import { dateTimeOf } from '../../i18n/zone';
import { usePrincipal, useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { ChoiceField, TextField } from '../fields';
import { ListBody, Panel, Table } from '../parts';
import { usePages } from '../usePages';
import { useWords } from '../words/useWords';
import { AlertsPanel } from './AlertsPanel';
import { GrantRequest } from './GrantRequest';
import { stepsOf } from './steps';
import { useCameraName } from './useCameraName';

/** Asking for what is not open to one, and deciding on what others ask for. */
export function GrantsPage() {
  const words = useWords();
  const { api } = useSession();
  const own = usePrincipal();
  const [kind, setKind] = useState('');
  const [state, setState] = useState('');
  const [asking, setAsking] = useState(false);
  const [step, setStep] = useState<{ grant: Grant; step: GrantStep } | null>(null);
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listGrants(api, { kind, state }, token, signal),
    [api, kind, state],
  );
  const list = usePages(fetchPage);
  const any = ['', words.consent.any] as const;
  return (
    <div className="page-column">
      {own.roles.includes('ADMIN') ? <AlertsPanel /> : null}
      <Panel
        title={words.consent.grants}
        testId="grants"
        busy={list.busy}
        tools={
          <>
            <ChoiceField
              label={words.consent.kind}
              value={kind}
              options={[any, ...GRANT_KINDS.map((each) => [each, words.consent.kinds[each]] as const)]}
              onChange={setKind}
            />
            <ChoiceField
              label={words.consent.state}
              value={state}
              options={[any, ...GRANT_STATES.map((each) => [each, words.consent.states[each]] as const)]}
              onChange={setState}
              testId="grant-state"
            />
            <button
              type="button"
              className="button button-primary"
              data-testid="grant-new"
              onClick={() => setAsking(true)}
            >
              {words.consent.request}
            </button>
          </>
        }
      >
        <ListBody list={list} empty={words.consent.noGrants}>
          <Table
            label={words.consent.grants}
            testId="grant-list"
            heads={[
              words.consent.kind,
              words.consent.state,
              words.consent.cameras,
              words.consent.reason,
              words.consent.who,
              words.consent.holds,
              words.common.actions,
            ]}
          >
            {list.items.map((grant) => (
              <GrantRow
                key={grant.name}
                grant={grant}
                onStep={(chosen) => setStep({ grant, step: chosen })}
              />
            ))}
          </Table>
        </ListBody>
      </Panel>
      {asking ? <GrantRequest onClose={() => setAsking(false)} onDone={list.reload} /> : null}
      {step === null ? null : <StepDialog {...step} onClose={() => setStep(null)} onDone={list.reload} />}
    </div>
  );
}

function GrantRow({ grant, onStep }: { grant: Grant; onStep: (step: GrantStep) => void }) {
  const words = useWords().consent;
  const own = usePrincipal();
  const nameOf = useCameraName();
  const time = (text: string | undefined) => (text ? dateTimeOf(Date.parse(text)) : '–');
  const tone = grant.state === 'approved' ? 'good' : grant.state === 'requested' ? 'warn' : undefined;
  return (
    <tr data-grant={grant.name} data-state={grant.state}>
      <td>
        <span className="badge" data-tone={grant.kind === 'emergency' ? 'bad' : undefined}>
          {words.kinds[grant.kind]}
        </span>
      </td>
      <td>
        <span className="badge" data-tone={tone}>
          {words.states[grant.state]}
        </span>
      </td>
      <td>
        {grant.camera_uids.map((uid, index) => nameOf(grant.cameras[index] ?? '', uid)).join(', ')}
        <div className="faint">{grant.actions.map((action) => words.openings[action]).join(', ')}</div>
      </td>
      <td>
        {grant.reason}
        <div className="faint">{grant.case_number}</div>
        {grant.decision_reason === '' ? null : (
          <div className="faint">{words.decided(grant.decision_reason)}</div>
        )}
      </td>
      <td>
        {grant.requester}
        {grant.beneficiary === grant.requester ? null : (
          <div className="faint">{words.forWhom(grant.beneficiary)}</div>
        )}
      </td>
      <td className="digits">
        {time(grant.start_time ?? grant.create_time)}
        <div>{time(grant.end_time)}</div>
      </td>
      <td>
        <div className="table-actions">
          {stepsOf(grant, own.name).map((step) => (
            <button
              key={step}
              type="button"
              className="button"
              data-testid={`grant-${step}`}
              onClick={() => onStep(step)}
            >
              {words.steps[step]}
            </button>
          ))}
        </div>
      </td>
    </tr>
  );
}

interface StepDialogProps {
  grant: Grant;
  step: GrantStep;
  onClose: () => void;
  onDone: () => void;
}

function StepDialog({ grant, step, onClose, onDone }: StepDialogProps) {
  const words = useWords().consent;
  const { api } = useSession();
  const [reason, setReason] = useState('');
  const [hours, setHours] = useState('');
  const send = async () => {
    const duration = hours === '' ? {} : { duration_s: Math.round(Number(hours) * 3600) };
    await stepGrant(api, grant, step, { ...(reason === '' ? {} : { reason }), ...duration });
    onDone();
  };
  return (
    <ActDialog
      narrow
      title={words.steps[step]}
      submit={words.steps[step]}
      danger={step !== 'approve'}
      onClose={onClose}
      onSubmit={send}
    >
      <p>{grant.reason}</p>
      <TextField
        label={words.reason}
        value={reason}
        onChange={setReason}
        testId="step-reason"
        required={step === 'deny' || step === 'revoke'}
      />
      {step === 'approve' ? (
        <TextField
          label={words.hours}
          hint={words.hoursAsAsked}
          type="number"
          value={hours}
          onChange={setHours}
        />
      ) : null}
    </ActDialog>
  );
}
