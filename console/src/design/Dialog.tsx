import { useEffect, useRef, type ReactNode } from 'react';
import { useMessages } from '../i18n/LocaleProvider';
import { IconButton } from './controls';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  narrow?: boolean;
}

/** A modal on the platform's own <dialog>: focus is kept inside and given back, Escape closes. */
export function Dialog({ title, onClose, children, narrow = false }: DialogProps) {
  const messages = useMessages();
  const element = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      ref={element}
      className={narrow ? 'dialog dialog-narrow' : 'dialog'}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className="dialog-head">
        <h2>{title}</h2>
        <IconButton icon="close" label={messages.common.close} onClick={onClose} />
      </header>
      {children}
    </dialog>
  );
}
