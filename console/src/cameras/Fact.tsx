import type { ReactNode } from 'react';
import { useMessages } from '../i18n/LocaleProvider';

/** A line of a list of facts; what is not known is a dash. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  const { common } = useMessages();
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children === '' || children === undefined ? common.none : children}</dd>
    </div>
  );
}
