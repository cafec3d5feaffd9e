import { useCallback, useState } from 'react';
import {
  listConsents,
  listErasures,
  listNotices,
  renewConsent,
  withdrawConsent,
  type Audience,
  type Consent,
} from '../../api/consent';
import { useMessages } from '../../i18n/LocaleProvider';
import { dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { TextField } from '../fields';
import { rfc3339Of } from '../instants';
import { ListBody, Panel, Table, useRegionName } from '../parts';
import { usePages } from '../usePages';
import { useWords } from '../words/useWords';
import { ConsentEditor } from './ConsentEditor';
import { useCameraName } from './useCameraName';

const when = (text: string | undefined) => (text ? dateTimeOf(Date.parse(text)) : '–');

/** What owners have opened, what of theirs is erased, and what was opened without them. */
export function ConsentsPage() {
  const words = useWords();
  const { api } = useSession();
  const [adding, setAdding] = useState(false);
  const [changed, setChanged] = useState<{ consent: Consent; step: 'renew' | 'withdraw' } | null>(null);
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listConsents(api, token, signal),
    [api],
  );
  const list = usePages(fetchPage);
  const nameOf = useCameraName();
  const audienceOf = useAudience();
  return (
    <div className="page-column">
      <Panel
        title={words.consent.consents}
        testId="consents"
        busy={list.busy}
        tools={
          <button
            type="button"
            className="button button-primary"
            data-testid="consent-new"
            onClick={() => setAdding(true)}
          >
            {words.consent.record}
          </button>
        }
      >
        <ListBody list={list} empty={words.consent.noConsents}>
          <Table
            label={words.consent.consents}
            testId="consent-list"
            heads={[
              words.consent.camera,
              words.consent.audience,
              words.consent.opens,
              words.consent.state,
              words.consent.until,
              words.consent.paper,
              words.common.actions,
            ]}
          >
            {list.items.map((consent) => (
              <tr key={consent.name} data-state={consent.state}>
                <th scope="row">{nameOf(consent.camera, consent.camera_uid)}</th>
                <td>{audienceOf(consent.audience)}</td>
                <td>
                  {consent.actions.map((action) => words.consent.openings[action]).join(', ')}
                  {consent.hours_from === '' ? null : (
                    <div className="faint digits">
                      {consent.hours_from}–{consent.hours_to}
                    </div>
                  )}
                </td>
                <td>
                  <span className="badge" data-tone={consent.state === 'active' ? 'good' : undefined}>
                    {words.consent.consentStates[consent.state]}
                  </span>
                </td>
                <td className="digits">{when(consent.end_time)}</td>
                <td>{consent.paper_reference}</td>
                <td>
                  {consent.state === 'active' ? (
                    <div className="table-actions">
                      {(['renew', 'withdraw'] as const).map((step) => (
                        <button
                          key={step}
                          type="button"
                          className="button"
                          data-testid={`consent-${step}`}
                          onClick={() => setChanged({ consent, step })}
                        >
                          {words.consent.consentSteps[step]}
                        </button>
                      ))}
                    </div>
                  ) : null}
                </td>
              </tr>
            ))}
          </Table>
        </ListBody>
      </Panel>
      <ErasuresPanel />
      <NoticesPanel />
      {adding ? <ConsentEditor onClose={() => setAdding(false)} onDone={list.reload} /> : null}
      {changed === null ? null : (
        <ConsentStep {...changed} onClose={() => setChanged(null)} onDone={list.reload} />
      )}
    </div>
  );
}

function useAudience(): (audience: Audience) => string {
  const messages = useMessages();
  const regionName = useRegionName();
  return ({ principal, organisation, line, region }) => {
    if (principal) return principal;
    if (organisation) return organisation;
    const name = messages.shell.lines[(line ?? '').toUpperCase()] ?? line ?? '';
    return `${name} · ${regionName(region ?? '')}`;
  };
}

interface ConsentStepProps {
  consent: Consent;
  step: 'renew' | 'withdraw';
  onClose: () => void;
  onDone: () => void;
}

function ConsentStep({ consent, step, onClose, onDone }: ConsentStepProps) {
  const words = useWords().consent;
  const { api } = useSession();
  const [end, setEnd] = useState('');
  const [paper, setPaper] = useState('');
  const [erase, setErase] = useState(false);
  const send = async () => {
    const reference = paper.trim() === '' ? {} : { paper_reference: paper.trim() };
    if (step === 'renew') await renewConsent(api, consent.name, { end_time: rfc3339Of(end), ...reference });
    else await withdrawConsent(api, consent.name, { erase, ...reference });
    onDone();
  };
  return (
    <ActDialog
      narrow
      title={words.consentSteps[step]}
      submit={words.consentSteps[step]}
      danger={step === 'withdraw'}
      onClose={onClose}
      onSubmit={send}
    >
      {step === 'renew' ? (
        <TextField label={words.until} type="datetime-local" value={end} onChange={setEnd} required />
      ) : (
        <label className="check">
          <input type="checkbox" checked={erase} onChange={(event) => setErase(event.target.checked)} />
          {words.erase}
        </label>
      )}
      <TextField label={words.paper} hint={words.paperHint} value={paper} onChange={setPaper} />
    </ActDialog>
  );
}

function ErasuresPanel() {
  const words = useWords().consent;
  const { api } = useSession();
  const nameOf = useCameraName();
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listErasures(api, token, signal),
    [api],
  );
  const list = usePages(fetchPage);
  if (list.items.length === 0) return null;
  return (
    <Panel title={words.erasures} testId="erasures">
      <ListBody list={list} empty="">
        <Table label={words.erasures} heads={[words.camera, words.state, words.rest, words.until]}>
          {list.items.map((one) => (
            <tr key={one.name}>
              <th scope="row">{nameOf(one.camera, one.camera_uid)}</th>
              <td>{words.erasureStates[one.state]}</td>
              <td>
                {one.remaining_objects} {one.held_by.join(', ')}
              </td>
              <td className="digits">{when(one.done_time ?? one.due_time)}</td>
            </tr>
          ))}
        </Table>
      </ListBody>
    </Panel>
  );
}

function NoticesPanel() {
  const messages = useMessages();
  const words = useWords().consent;
  const { api } = useSession();
  const nameOf = useCameraName();
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listNotices(api, token, signal),
    [api],
  );
  const list = usePages(fetchPage);
  return (
    <Panel title={words.notices} testId="notices">
      <ListBody list={list} empty={words.noNotices}>
        <Table label={words.notices} heads={[words.camera, words.kind, words.who, words.reason, words.holds]}>
          {list.items.map((one) => (
            <tr key={`${one.grant} ${one.camera_uid}`}>
              <th scope="row">{nameOf(one.camera, one.camera_uid)}</th>
              <td>{words.kinds[one.kind as keyof typeof words.kinds] ?? one.kind}</td>
              <td>
                {one.organisation} {messages.shell.lines[one.line.toUpperCase()] ?? one.line}
              </td>
              <td>{one.reason}</td>
              <td className="digits">
                {when(one.start_time)} – {when(one.end_time)}
              </td>
            </tr>
          ))}
        </Table>
      </ListBody>
    </Panel>
  );
}
