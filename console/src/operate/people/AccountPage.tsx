import { useCallback, useState, type FormEvent } from 'react';
import { changePassword, endSession, listSessions } from '../../api/people';
import { Spinner } from '../../design/controls';
import { useMessages } from '../../i18n/LocaleProvider';
import { dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { TextField } from '../fields';
import { ActError, Failure, Panel, Table } from '../parts';
import { useAct } from '../useAct';
import { useLoad } from '../useLoad';
import { useWords } from '../words/useWords';

/** One's own password and sessions. */
export function AccountPage() {
  return (
    <div className="page-column">
      <PasswordPanel />
      <SessionsPanel />
    </div>
  );
}

function PasswordPanel() {
  const words = useWords().account;
  const { api } = useSession();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [done, setDone] = useState(false);
  const act = useAct();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setDone(false);
    if (!(await act.run(() => changePassword(api, current, next)))) return;
    setCurrent('');
    setNext('');
    setDone(true);
  };
  return (
    <Panel title={words.password} testId="password">
      <form className="page-column" onSubmit={(event) => void send(event)}>
        <div className="form-grid">
          <TextField
            label={words.current}
            type="password"
            value={current}
            onChange={setCurrent}
            autoComplete="current-password"
            testId="password-current"
            required
          />
          <TextField
            label={words.next}
            type="password"
            hint={words.rule}
            value={next}
            onChange={setNext}
            autoComplete="new-password"
            testId="password-new"
            required
          />
        </div>
        <div className="table-actions">
          <button
            type="submit"
            className="button button-primary"
            data-testid="password-save"
            disabled={act.busy}
          >
            {words.change}
          </button>
        </div>
        <ActError error={act.error} />
        {done ? <p role="status">{words.changed}</p> : null}
      </form>
    </Panel>
  );
}

function SessionsPanel() {
  const messages = useMessages();
  const words = useWords().account;
  const { api } = useSession();
  const load = useCallback((signal: AbortSignal) => listSessions(api, signal), [api]);
  const { data, error, busy, reload } = useLoad(load);
  const act = useAct();
  const end = async (name: string) => {
    if (await act.run(() => endSession(api, name))) reload();
  };
  return (
    <Panel title={words.sessions} testId="sessions" busy={busy}>
      {error !== null ? <Failure error={error} onRetry={reload} /> : null}
      {data === undefined ? (
        error === null ? (
          <Spinner label={messages.common.loading} />
        ) : null
      ) : (
        <Table
          label={words.sessions}
          testId="session-list"
          heads={[words.from, words.way, words.begun, words.used, words.expires, words.end]}
        >
          {data.map((session) => (
            <tr key={session.name}>
              <td>{session.remote_address}</td>
              <td>{words.ways[session.way as keyof typeof words.ways] ?? session.way}</td>
              {[session.create_time, session.use_time, session.expire_time].map((time, index) => (
                <td key={index} className="digits">
                  {time ? dateTimeOf(Date.parse(time)) : '–'}
                </td>
              ))}
              <td>
                {session.current ? (
                  <span className="badge" data-tone="good">
                    {words.thisOne}
                  </span>
                ) : (
                  <button
                    type="button"
                    className="button"
                    disabled={act.busy}
                    onClick={() => void end(session.name)}
                  >
                    {words.end}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      <ActError error={act.error} />
    </Panel>
  );
}
