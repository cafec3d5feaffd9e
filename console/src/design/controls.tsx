import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Icon, type IconName } from './icons';

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName;
  label: string;
  size?: number;
}

/** A button whose only text is its label, spoken and shown as a tooltip. */
export function IconButton({ icon, label, size, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} {...(size === undefined ? {} : { size })} />
    </button>
  );
}

interface NoticeProps {
  icon: IconName;
  title: string;
  hint?: string | undefined;
  tone?: 'plain' | 'bad' | 'warn';
  children?: ReactNode;
}

/** The body of an empty, failed or refused place: what is so, why, and what can be done. */
export function Notice({ icon, title, hint, tone = 'plain', children }: NoticeProps) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <span className="notice-icon">
        <Icon name={icon} size={26} />
      </span>
      <p className="notice-title">{title}</p>
      {hint ? <p className="notice-hint">{hint}</p> : null}
      {children ? <div className="notice-actions">{children}</div> : null}
    </div>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <div className="spinner" role="status">
      <span className="spinner-ring" aria-hidden="true" />
      <span>{label}</span>
    </div>
  );
}
