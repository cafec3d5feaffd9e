import { isAway, isForbidden } from '../api/problem';
import { Notice, Spinner } from '../design/controls';
import type { IconName } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import type { Polled } from './usePolled';

interface ListStateProps<T> {
  polled: Polled<T>;
  icon: IconName;
  empty: string;
  hint: string;
}

/** What there is to say of a list besides its rows. */
export function ListState<T>({ polled, icon, empty, hint }: ListStateProps<T>) {
  const { common, take } = useMessages();
  const { page, error } = polled;
  if (error !== null) {
    const detail = error instanceof Error ? error.message : '';
    const title = isAway(error)
      ? common.serverAway
      : isForbidden(error)
        ? take.forbidden
        : common.failed(detail);
    return (
      <Notice icon="alert" tone="bad" title={title}>
        <button type="button" className="button" onClick={polled.reload}>
          {common.retry}
        </button>
      </Notice>
    );
  }
  if (page === null) return <Spinner label={common.loading} />;
  if (page.items.length === 0) return <Notice icon={icon} title={empty} hint={hint} />;
  if (!page.more) return null;
  return (
    <button type="button" className="button evidence-more" onClick={polled.showMore}>
      {take.showMore}
    </button>
  );
}
