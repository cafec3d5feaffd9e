import type { FormEvent, ReactNode } from 'react';
import { Dialog } from '../design/Dialog';
import { DialogFoot } from '../design/DialogFoot';
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
  const act = useAct();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (await act.run(onSubmit)) onClose();
  };
  return (
    <Dialog title={title} narrow={narrow} onClose={onClose}>
      <form className="scroll" data-testid="act-form" onSubmit={(event) => void send(event)}>
        <div className={narrow ? 'dialog-body page-column' : 'dialog-body form-grid'}>{children}</div>
        <DialogFoot
          problem={<ActError error={act.error} />}
          submit={submit}
          testId="act-submit"
          danger={danger}
          busy={act.busy}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
