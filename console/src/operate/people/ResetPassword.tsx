import { useState } from 'react';
import { resetPassword, type ManagedPrincipal } from '../../api/people';
import { Dialog } from '../../design/Dialog';
import { useMessages } from '../../i18n/LocaleProvider';
import { useSession } from '../../session/SessionProvider';
import { ActError } from '../parts';
import { useAct } from '../useAct';
import { useWords } from '../words/useWords';

interface ResetPasswordProps {
  person: ManagedPrincipal;
  onClose: () => void;
}

/** Asks first, then shows the temporary password: here, once, and nowhere else. */
export function ResetPassword({ person, onClose }: ResetPasswordProps) {
  const { common } = useMessages();
  const words = useWords().people;
  const { api } = useSession();
  const act = useAct();
  const [temporary, setTemporary] = useState('');
  const reset = () => act.run(async () => setTemporary(await resetPassword(api, person.name)));
  const done = temporary !== '';
  return (
    <Dialog title={words.resetTitle(person.username)} narrow onClose={onClose}>
      <div className="dialog-body page-column">
        {done ? (
          <label className="field" role="status">
            <span className="field-label">{words.temporary}</span>
            <input
              className="digits"
              data-testid="temporary-password"
              readOnly
              value={temporary}
              autoComplete="off"
              spellCheck={false}
              onFocus={(event) => event.target.select()}
            />
          </label>
        ) : null}
        <p>{done ? words.temporaryHint : words.resetHint}</p>
      </div>
      <footer className="dialog-foot">
        <ActError error={act.error} />
        <button type="button" className="button" data-testid="reset-close" onClick={onClose}>
          {done ? common.close : common.cancel}
        </button>
        {done ? null : (
          <button
            type="button"
            className="button button-danger"
            data-testid="reset-submit"
            disabled={act.busy}
            onClick={() => void reset()}
          >
            {words.reset}
          </button>
        )}
      </footer>
    </Dialog>
  );
}
