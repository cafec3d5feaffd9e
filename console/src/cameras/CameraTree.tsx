import { useMemo, useState, type KeyboardEvent } from 'react';
import { isAway } from '../api/problem';
import { Notice, IconButton, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { AddCamera } from './AddCamera';
import { CameraRow, RegionRow } from './rows';
import { useRegistry } from './RegistryProvider';
import { buildTree, filterTree, visibleRows, type RegionNode } from './tree';
import './tree.css';

/** Below this many cameras everything starts unfolded. */
const UNFOLD_ALL = 80;
/** A search that matches a county's worth of rows is no answer; the rest is counted. */
const MAX_ROWS = 2000;

interface CameraTreeProps {
  isShown: (camera: string) => boolean;
  onPick: (camera: string) => void;
}

export function CameraTree({ isShown, onPick }: CameraTreeProps) {
  const messages = useMessages();
  const registry = useRegistry();
  const [query, setQuery] = useState('');
  const { regions, cameras } = registry;
  const tree = useMemo(
    () => filterTree(buildTree(regions, cameras, messages.tree.elsewhere), query),
    [regions, cameras, messages, query],
  );

  return (
    <nav className="tree-panel" aria-label={messages.tree.label}>
      <div className="tree-head">
        <div className="search" role="search">
          <Icon name="search" size={16} />
          <input
            type="search"
            data-testid="camera-search"
            value={query}
            placeholder={messages.tree.search}
            aria-label={messages.tree.search}
            onChange={(event) => setQuery(event.target.value)}
          />
          {query === '' ? null : (
            <IconButton
              icon="close"
              size={14}
              label={messages.tree.clearSearch}
              onClick={() => setQuery('')}
            />
          )}
        </div>
        <AddCamera />
      </div>
      {registry.phase === 'loading' ? <TreeSkeleton /> : null}
      {registry.phase === 'failed' ? (
        <Notice
          icon="link"
          tone="bad"
          title={isAway(registry.error) ? messages.common.serverAway : messages.tree.failed}
          hint={isAway(registry.error) ? messages.common.serverAwayHint : undefined}
        >
          <button type="button" className="button" onClick={registry.reload}>
            {messages.common.retry}
          </button>
        </Notice>
      ) : null}
      {registry.phase === 'ready' && cameras.length === 0 && regions.length === 0 ? (
        <Notice icon="camera" title={messages.tree.empty} hint={messages.tree.emptyHint} />
      ) : null}
      {registry.phase === 'ready' && tree.length === 0 && query !== '' ? (
        <Notice icon="search" title={messages.tree.noMatch(query)} />
      ) : null}
      {tree.length > 0 ? (
        <Rows
          tree={tree}
          unfoldAll={query !== '' || cameras.length <= UNFOLD_ALL}
          isShown={isShown}
          onPick={onPick}
        />
      ) : null}
    </nav>
  );
}

interface RowsProps extends CameraTreeProps {
  tree: RegionNode[];
  unfoldAll: boolean;
}

/** The WAI-ARIA tree pattern over a flat list: arrows move and fold, Enter picks. */
function Rows({ tree, unfoldAll, isShown, onPick }: RowsProps) {
  const messages = useMessages();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(null);
  const roots = new Set(tree.map((node) => node.region.name));
  const isExpanded = (region: string) => (unfoldAll || roots.has(region)) !== toggled.has(region);
  const rows = visibleRows(tree, isExpanded);
  const shown = rows.slice(0, MAX_ROWS);
  const tabStop = shown.some((row) => row.key === focused) ? focused : shown[0]?.key;

  const toggle = (region: string) =>
    setToggled((before) => {
      const after = new Set(before);
      if (!after.delete(region)) after.add(region);
      return after;
    });

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const at = shown.findIndex((row) => row.key === tabStop);
    const row = shown[at];
    if (row === undefined) return;
    let next = at;
    if (event.key === 'ArrowDown') next = at + 1;
    else if (event.key === 'ArrowUp') next = at - 1;
    else if (event.key === 'Home') next = 0;
    else if (event.key === 'End') next = shown.length - 1;
    else if (event.key === 'ArrowRight' && row.kind === 'region') {
      if (row.expanded) next = at + 1;
      else toggle(row.key);
    } else if (event.key === 'ArrowLeft') {
      if (row.kind === 'region' && row.expanded) toggle(row.key);
      else next = shown.findLastIndex((other, index) => index < at && other.depth < row.depth);
    } else if (event.key === 'Enter' || event.key === ' ') {
      if (row.kind === 'region') toggle(row.key);
      else onPick(row.key);
    } else return;
    event.preventDefault();
    const target = shown[Math.max(0, Math.min(next, shown.length - 1))];
    if (target === undefined) return;
    setFocused(target.key);
    event.currentTarget.querySelector<HTMLElement>(`[data-row="${CSS.escape(target.key)}"]`)?.focus();
  };

  return (
    <div
      className="tree scroll"
      role="tree"
      tabIndex={-1}
      data-testid="camera-tree"
      aria-label={messages.tree.label}
      onKeyDown={onKeyDown}
    >
      {shown.map((row) =>
        row.kind === 'region' ? (
          <RegionRow
            key={row.key}
            row={row}
            isTabStop={row.key === tabStop}
            onToggle={() => {
              setFocused(row.key);
              toggle(row.key);
            }}
          />
        ) : (
          <CameraRow
            key={row.key}
            row={row}
            isTabStop={row.key === tabStop}
            isShown={isShown(row.key)}
            onPick={() => {
              setFocused(row.key);
              onPick(row.key);
            }}
          />
        ),
      )}
      {rows.length > shown.length ? (
        <p className="tree-more">{messages.tree.more(rows.length - shown.length)}</p>
      ) : null}
    </div>
  );
}

function TreeSkeleton() {
  const messages = useMessages();
  return (
    <div className="tree-skeleton" role="status" aria-label={messages.common.loading}>
      {[70, 55, 80, 62, 74, 50, 66].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
      <Spinner label={messages.common.loading} />
    </div>
  );
}
