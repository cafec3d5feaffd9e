import { useState, type FormEvent } from 'react';
import { isAway, Problem } from '../api/problem';
import type { Region } from '../api/types';
import { Notice } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';
import { goTo } from '../route';
import { useSession } from './SessionProvider';
import './device.css';

interface WaitingDevice {
  user_code: string;
  display_name: string;
  remote_address: string;
  regions: Region[];
}

type Step = { at: 'typing' } | { at: 'deciding'; device: WaitingDevice } | { at: 'done'; approved: boolean };

/** Somebody lets a set-top box in (RFC 8628, section 3.3), after they have seen what it will see. */
export function DeviceScreen({ userCode }: { userCode: string }) {
  const messages = useMessages();
  const { api } = useSession();
  const [step, setStep] = useState<Step>({ at: 'typing' });
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<Step>) => {
    setBusy(true);
    setError(null);
    try {
      setStep(await work());
    } catch (problem) {
      setError(explain(problem, messages));
    } finally {
      setBusy(false);
    }
  };
  const look = (code: string) =>
    attempt(async () => {
      const query = { user_code: code };
      return { at: 'deciding', device: await api.request<WaitingDevice>('GET', '/v1/device', { query }) };
    });
  const decide = (device: WaitingDevice, approved: boolean) =>
    attempt(async () => {
      const body = { user_code: device.user_code, decision: approved ? 'approve' : 'deny' };
      await api.request('POST', '/v1/device', { body });
      return { at: 'done', approved };
    });

  return (
    <section className="device-screen" aria-labelledby="device-title">
      <h1 id="device-title">{messages.device.title}</h1>
      {step.at === 'typing' ? (
        <CodeForm first={userCode} busy={busy} onCode={(code) => void look(code)} />
      ) : null}
      {step.at === 'deciding' ? (
        <Decision
          device={step.device}
          busy={busy}
          onDecision={(approved) => void decide(step.device, approved)}
        />
      ) : null}
      {step.at === 'done' ? (
        <Notice icon="user" title={step.approved ? messages.device.approved : messages.device.denied}>
          <button
            type="button"
            className="button"
            onClick={() => {
              goTo({ screen: 'device', userCode: '' });
              setStep({ at: 'typing' });
            }}
          >
            {messages.device.another}
          </button>
        </Notice>
      ) : null}
      <p className="device-error" role="alert" data-testid="device-error">
        {error}
      </p>
    </section>
  );
}

interface CodeFormProps {
  first: string;
  busy: boolean;
  onCode: (code: string) => void;
}

function CodeForm({ first, busy, onCode }: CodeFormProps) {
  const messages = useMessages();
  const [code, setCode] = useState(first);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() !== '') onCode(code.trim());
  };
  return (
    <form className="device-form" onSubmit={submit}>
      <p>{messages.device.hint}</p>
      <label className="field">
        <span className="field-label">{messages.device.code}</span>
        <input
          data-testid="user-code"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={20}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <button type="submit" className="button button-primary" data-testid="user-code-submit" disabled={busy}>
        {messages.device.look}
      </button>
    </form>
  );
}

interface DecisionProps {
  device: WaitingDevice;
  busy: boolean;
  onDecision: (approved: boolean) => void;
}

function Decision({ device, busy, onDecision }: DecisionProps) {
  const messages = useMessages();
  const [top] = device.regions;
  return (
    <div className="device-form" data-testid="waiting-device">
      <p className="digits device-code">{device.user_code}</p>
      <p>{messages.device.asks(device.display_name, device.remote_address)}</p>
      {top === undefined ? null : (
        <p>
          {messages.device.sees} <b>{top.display_name}</b>
        </p>
      )}
      <p className="faint">{messages.device.warning}</p>
      <div className="device-buttons">
        <button
          type="button"
          className="button button-primary"
          data-testid="device-approve"
          disabled={busy}
          onClick={() => onDecision(true)}
        >
          {messages.device.approve}
        </button>
        <button
          type="button"
          className="button button-danger"
          data-testid="device-deny"
          disabled={busy}
          onClick={() => onDecision(false)}
        >
          {messages.device.deny}
        </button>
      </div>
    </div>
  );
}

function explain(problem: unknown, messages: Messages): string {
  if (isAway(problem)) return messages.signIn.unreachable;
  if (problem instanceof Problem) {
    if (problem.status === 404 || problem.status === 400) return messages.device.unknown;
    if (problem.status === 429) return messages.device.tooMany;
    if (problem.status === 403) return messages.device.forbidden;
    return messages.common.failed(problem.message);
  }
  throw problem;
}
