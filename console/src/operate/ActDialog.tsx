import type { FormEvent, ReactNode } from 'react';
import { Dialog } from '../design/Dialog';
import { useMessages } from '../i18n/LocaleProvider';
import { ActError } from './parts';
import { useAct } from './useAct';

interface ActDialogProps {
  title: string;
  submit: string;
  danger?: boolean;
  narrow?: boolean;
  onClose: () => void;
  /** What the form asks for; the dialog closes when it went well. */
  onSubmit: () => Promise<unknown>;
  children: ReactNode;
}

/** A form that is sent once; what it was refused for is told in it. */
export function ActDialog({
  title,
  submit,
  danger = false,
  narrow = false,
  onClose,
  onSubmit,
  children,
}: ActDialogProps) {
  const messages = useMessages();
  const act = useAct();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (await act.run(onSubmit)) onClose();
  };
  return (
    <Dialog title={title} narrow={narrow} onClose={onClose}>
      <form className="scroll" data-testid="act-form" onSubmit={(event) => void send(event)}>
        <div className={narrow ? 'dialog-body page-column' : 'dialog-body form-grid'}>{children}</div>
        <footer className="dialog-foot">
          <ActError error={act.error} />
          <button type="button" className="button" onClick={onClose}>
            {messages.common.cancel}
          </button>
          <button
            type="submit"
            className={danger ? 'button button-danger' : 'button button-primary'}
            data-testid="act-submit"
            disabled={act.busy}
          >
            {submit}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
