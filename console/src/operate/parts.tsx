import { useId, useMemo, type ReactNode } from 'react';
import { isAway, isForbidden, Problem } from '../api/problem';
import type { Region } from '../api/types';
import { useRegistry } from '../cameras/RegistryProvider';
import { Notice, Spinner } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';
import { useWords, type Words } from './words/useWords';

interface PanelProps {
  title: string;
  testId?: string;
  /** What is shown is being asked for anew. */
  busy?: boolean;
  tools?: ReactNode;
  children: ReactNode;
}

export function Panel({ title, testId, busy = false, tools, children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id} aria-busy={busy} data-testid={testId}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {tools ? <div className="panel-tools">{tools}</div> : null}
      </header>
      {children}
    </section>
  );
}

/** A sentence for a refusal or a failure. */
export function sentenceOf(error: unknown, messages: Messages, words: Words): string {
  if (isForbidden(error)) return words.common.forbidden;
  if (isAway(error)) return messages.common.serverAway;
  if (error instanceof Problem) {
    if (error.status === 409 || error.status === 412) return words.common.conflict(error.message);
    return error.field === '' ? error.message : `${error.field}: ${error.message}`;
  }
  return messages.common.failed(error instanceof Error ? error.message : String(error));
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const messages = useMessages();
  const words = useWords();
  const forbidden = isForbidden(error);
  return (
    <Notice
      icon={forbidden ? 'lock' : 'alert'}
      tone={forbidden ? 'plain' : 'bad'}
      title={sentenceOf(error, messages, words)}
    >
      {onRetry && !forbidden ? (
        <button type="button" className="button" onClick={onRetry}>
          {messages.common.retry}
        </button>
      ) : null}
    </Notice>
  );
}

/** What an action was refused for, beside its button. */
export function ActError({ error }: { error: unknown }) {
  const messages = useMessages();
  const words = useWords();
  return (
    <p className="act-error" role="alert" data-testid="act-error">
      {error === null ? null : sentenceOf(error, messages, words)}
    </p>
  );
}

interface ListBodyProps {
  list: {
    items: unknown[];
    hasMore: boolean;
    busy: boolean;
    error: unknown;
    more: () => void;
    reload: () => void;
  };
  empty: string;
  children: ReactNode;
}

/** A list with what it shows while there is nothing to show, and the way to more of it. */
export function ListBody({ list, empty, children }: ListBodyProps) {
  const messages = useMessages();
  const words = useWords();
  if (list.error !== null && list.items.length === 0) {
    return <Failure error={list.error} onRetry={list.reload} />;
  }
  if (list.items.length === 0) {
    return list.busy ? <Spinner label={messages.common.loading} /> : <p className="panel-empty">{empty}</p>;
  }
  return (
    <>
      {children}
      <ActError error={list.error} />
      {list.hasMore ? (
        <button type="button" className="button" data-testid="more" disabled={list.busy} onClick={list.more}>
          {words.common.more}
        </button>
      ) : null}
    </>
  );
}

interface TableProps {
  label: string;
  heads: readonly string[];
  testId?: string;
  children: ReactNode;
}

/** Scrolls sideways by itself, also by keyboard. */
export function Table({ label, heads, testId, children }: TableProps) {
  return (
    // A region that scrolls must take the focus for the keyboard to reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-box scroll" role="group" aria-label={label} tabIndex={0}>
      <table className="table" data-testid={testId}>
        <thead>
          <tr>
            {heads.map((head, index) => (
              <th key={head || index} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Names of regions with their path, so that two villages of one name can be told apart. */
export function useRegionName(): (region: string) => string {
  const { regions } = useRegistry();
  return useMemo(() => {
    const paths = pathsOf(regions);
    return (region: string) => paths.get(region) ?? region;
  }, [regions]);
}

/** In one pass, for parents come before their children. */
function pathsOf(regions: readonly Region[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { name, parent, display_name } of regions) {
    const above = paths.get(parent);
    paths.set(name, above === undefined ? display_name : `${above} / ${display_name}`);
  }
  return paths;
}

interface RegionOptionsProps {
  empty?: string;
}

/** The <option>s of a choice of regions. */
export function RegionOptions({ empty }: RegionOptionsProps) {
  const { regions } = useRegistry();
  const nameOf = useRegionName();
  return (
    <>
      {empty === undefined ? null : <option value="">{empty}</option>}
      {regions.map((region) => (
        <option key={region.name} value={region.name}>
          {nameOf(region.name)}
        </option>
      ))}
    </>
  );
}
