import type { ReactNode } from 'react';
import { useMessages } from '../i18n/LocaleProvider';

interface DialogFootProps {
  /** What was refused, and why: a sentence, or what shows one. */
  problem: ReactNode;
  problemTestId?: string;
  submit: string;
  testId: string;
  danger?: boolean;
  busy: boolean;
  onCancel: () => void;
  /** Where there is no form that the button submits. */
  onSubmit?: () => void;
}

/** The foot of a dialog that asks for something: what went wrong, a way back, and the act itself. */
export function DialogFoot(props: DialogFootProps) {
  const { problem, problemTestId, submit, testId, danger = false, busy, onCancel, onSubmit } = props;
  const { common } = useMessages();
  return (
    <footer className="dialog-foot">
      {typeof problem === 'string' || problem === null ? (
        <p className="dialog-error" role="alert" data-testid={problemTestId}>
          {problem}
        </p>
      ) : (
        problem
      )}
      <button type="button" className="button" onClick={onCancel}>
        {common.cancel}
      </button>
      <button
        type={onSubmit === undefined ? 'submit' : 'button'}
        className={danger ? 'button button-danger' : 'button button-primary'}
        data-testid={testId}
        disabled={busy}
        onClick={onSubmit}
      >
        {submit}
      </button>
    </footer>
  );
}
