import { useState } from 'react';
import {
  createPrincipal,
  LINES,
  ROLES,
  updatePrincipal,
  type ManagedPrincipal,
  type PrincipalDraft,
} from '../../api/people';
import { useMessages } from '../../i18n/LocaleProvider';
import { usePrincipal, useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { Checks, ChoiceField, TextField } from '../fields';
import { useWords } from '../words/useWords';
import { changedFields, linesFor, newPassword, rolesFor } from './rules';
import { useScopes } from './useScopes';

interface PersonEditorProps {
  /** Null for somebody new. */
  person: ManagedPrincipal | null;
  onClose: () => void;
  onSaved: () => void;
}

export function PersonEditor({ person, onClose, onSaved }: PersonEditorProps) {
  const messages = useMessages();
  const words = useWords().people;
  const { api } = useSession();
  const own = usePrincipal();
  const scopes = useScopes();
  const [form, setForm] = useState({
    username: person?.username ?? '',
    display_name: person?.display_name ?? '',
    organisation: person?.organisation ?? '',
    line: person?.line ?? own.line,
    roles: person?.roles ?? ['VIEWER'],
    scope: person?.scope ?? '',
    disabled: person?.disabled ?? false,
  });
  const [password, setPassword] = useState('');
  const set = (changes: Partial<typeof form>) => setForm({ ...form, ...changes });
  const lines = LINES.filter((line) => line === form.line || linesFor(own).includes(line));
  const roles = ROLES.filter((role) => form.roles.includes(role) || rolesFor(own).includes(role));
  const scope = form.scope || (scopes[0]?.[0] ?? '');

  const save = async () => {
    const draft: PrincipalDraft = { ...form, scope };
    if (person === null) await createPrincipal(api, { ...draft, password });
    else await updatePrincipal(api, person, changedFields(person, draft));
    onSaved();
  };

  return (
    <ActDialog
      title={person === null ? words.add : words.editTitle(person.username)}
      submit={messages.common.save}
      onClose={onClose}
      onSubmit={save}
    >
      {person === null ? (
        <>
          <TextField
            label={words.username}
            value={form.username}
            onChange={(username) => set({ username })}
            testId="person-username"
            required
          />
          <TextField
            label={words.password}
            hint={words.passwordRule}
            value={password}
            onChange={setPassword}
            testId="person-password"
            autoComplete="new-password"
            required
          />
          <div className="field-wide">
            <button
              type="button"
              className="button"
              data-testid="password-make"
              onClick={() => setPassword(newPassword())}
            >
              {words.makePassword}
            </button>
          </div>
        </>
      ) : null}
      <TextField
        label={words.name}
        value={form.display_name}
        onChange={(display_name) => set({ display_name })}
        testId="person-name"
      />
      <TextField
        label={words.organisation}
        value={form.organisation}
        onChange={(organisation) => set({ organisation })}
        testId="person-organisation"
      />
      {person === null ? (
        <ChoiceField
          label={words.line}
          value={form.line}
          options={lines.map((line) => [line, messages.shell.lines[line] ?? line])}
          onChange={(line) => set({ line, roles: line === 'RESIDENT' ? ['VIEWER'] : form.roles })}
          testId="person-line"
        />
      ) : null}
      <ChoiceField
        label={words.scope}
        value={scope}
        options={scopes.some(([name]) => name === scope) ? scopes : [[scope, scope], ...scopes]}
        onChange={(chosen) => set({ scope: chosen })}
        testId="person-scope"
        wide
      />
      <Checks
        legend={words.roles}
        chosen={form.roles}
        options={roles.map((role) => [role, messages.shell.roles[role] ?? role])}
        onChange={(chosen) => set({ roles: chosen })}
        testId="person-roles"
      />
      {person === null ? null : (
        <label className="check field-wide">
          <input
            type="checkbox"
            data-testid="person-disabled"
            checked={form.disabled}
            onChange={(event) => set({ disabled: event.target.checked })}
          />
          {words.disable}
        </label>
      )}
    </ActDialog>
  );
}
