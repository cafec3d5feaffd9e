import { useCallback, useState } from 'react';
import { listPrincipals, type ManagedPrincipal } from '../../api/people';
import { useMessages } from '../../i18n/LocaleProvider';
import { usePrincipal, useSession } from '../../session/SessionProvider';
import { TextField } from '../fields';
import { ListBody, Panel, Table } from '../parts';
import { usePages } from '../usePages';
import { useWords } from '../words/useWords';
import { PersonEditor } from './PersonEditor';
import { ResetPassword } from './ResetPassword';
import { useScopeName } from './useScopes';

/** Who can sign in, in the regions whose rights the person manages. */
export function PeoplePage() {
  const messages = useMessages();
  const words = useWords();
  const { api } = useSession();
  const own = usePrincipal();
  const [wanted, setWanted] = useState('');
  const [edited, setEdited] = useState<ManagedPrincipal | 'new' | null>(null);
  const [forgetful, setForgetful] = useState<ManagedPrincipal | null>(null);
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listPrincipals(api, token, signal),
    [api],
  );
  const list = usePages(fetchPage);
  const scopeName = useScopeName();
  const needle = wanted.trim().toLowerCase();
  const shown = list.items.filter((one) =>
    [one.username, one.display_name, one.organisation].some((text) => text.toLowerCase().includes(needle)),
  );
  return (
    <div className="page-column">
      <Panel
        title={words.people.title}
        testId="people"
        busy={list.busy}
        tools={
          <>
            <TextField
              label={words.people.search}
              value={wanted}
              onChange={setWanted}
              testId="people-search"
            />
            <button
              type="button"
              className="button button-primary"
              data-testid="person-new"
              onClick={() => setEdited('new')}
            >
              {words.people.add}
            </button>
          </>
        }
      >
        <ListBody list={list} empty={words.people.nobody}>
          <Table
            label={words.people.title}
            testId="people-list"
            heads={[
              words.people.username,
              words.people.name,
              words.people.line,
              words.people.roles,
              words.people.scope,
              words.common.actions,
            ]}
          >
            {shown.map((one) => (
              <tr key={one.name} data-username={one.username}>
                <th scope="row">
                  {one.username}{' '}
                  {one.disabled ? (
                    <span className="badge" data-tone="bad">
                      {words.people.disabled}
                    </span>
                  ) : null}
                </th>
                <td>
                  {one.display_name}
                  {one.organisation === '' ? null : <div className="faint">{one.organisation}</div>}
                </td>
                <td>{messages.shell.lines[one.line] ?? one.line}</td>
                <td>{one.roles.map((role) => messages.shell.roles[role] ?? role).join(', ')}</td>
                <td>{scopeName(one.scope)}</td>
                <td>
                  {one.name === own.name ? (
                    <span className="faint">{words.people.yourself}</span>
                  ) : (
                    <div className="table-actions">
                      <button
                        type="button"
                        className="button"
                        data-testid="person-edit"
                        onClick={() => setEdited(one)}
                      >
                        {words.people.edit}
                      </button>
                      {one.kind === 'SYSTEM' ? null : (
                        <button
                          type="button"
                          className="button"
                          data-testid="person-reset"
                          onClick={() => setForgetful(one)}
                        >
                          {words.people.reset}
                        </button>
                      )}
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        </ListBody>
        <p className="faint">{words.people.passwordHint}</p>
      </Panel>
      {edited === null ? null : (
        <PersonEditor
          person={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onSaved={list.reload}
        />
      )}
      {forgetful === null ? null : <ResetPassword person={forgetful} onClose={() => setForgetful(null)} />}
    </div>
  );
}
