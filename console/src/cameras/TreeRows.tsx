import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useUnit } from '../design/unit';
import { useMessages } from '../i18n/LocaleProvider';
import { CameraRow, RegionRow } from './rows';
import { stepInTree } from './steps';
import { visibleRows, type RegionNode } from './tree';

/** Pixels of the design, as in tree.css. */
const ROW_HEIGHT = 34;
const OVERSCAN = 12;

interface TreeRowsProps {
  tree: RegionNode[];
  unfoldAll: boolean;
  isShown: (camera: string) => boolean;
  onPick: (camera: string) => void;
}

/** The WAI-ARIA tree pattern over a flat list of which only the rows in sight are elements. */
export function TreeRows({ tree, unfoldAll, isShown, onPick }: TreeRowsProps) {
  const messages = useMessages();
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(null);
  const element = useRef<HTMLDivElement>(null);
  /** The row that the keyboard has just gone to, which may not be drawn yet. */
  const wanted = useRef<string | null>(null);

  const rowHeight = ROW_HEIGHT * useUnit();
  const rows = useMemo(() => {
    const roots = new Set(tree.map((node) => node.region.name));
    return visibleRows(tree, (region) => (unfoldAll || roots.has(region)) !== toggled.has(region));
  }, [tree, unfoldAll, toggled]);
  const focusedAt = rows.findIndex((row) => row.key === focused);
  const tabStop = Math.max(0, focusedAt);

  // What it returns is used in this component alone, which no compiler memoizes.
  // eslint-disable-next-line react-hooks/incompatible-library
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => element.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: OVERSCAN,
    // The tab stop is always an element: else the focus would be lost when its row is scrolled away.
    rangeExtractor: (range) => [...new Set([tabStop, ...defaultRangeExtractor(range)])].sort((a, b) => a - b),
  });

  useEffect(() => list.measure(), [list, rowHeight]);

  useEffect(() => {
    const key = wanted.current;
    if (key === null) return;
    wanted.current = null;
    element.current
      ?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)
      ?.focus({ preventScroll: true });
  });

  const toggle = (region: string) =>
    setToggled((before) => {
      const after = new Set(before);
      if (!after.delete(region)) after.add(region);
      return after;
    });

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (!(event.target as HTMLElement).matches('[role=treeitem], [role=tree]')) return; // a button in a row
    const step = stepInTree(rows, tabStop, event.key, Math.max(1, pageRows(element.current, rowHeight)));
    if (step === null) return;
    event.preventDefault();
    if (step.toggle !== undefined) toggle(step.toggle);
    if (step.pick !== undefined) onPick(step.pick);
    const target = rows[step.to];
    if (target === undefined) return;
    list.scrollToIndex(step.to);
    wanted.current = target.key;
    setFocused(target.key);
  };

  return (
    <div
      ref={element}
      className="tree scroll"
      role="tree"
      tabIndex={-1}
      data-testid="camera-tree"
      aria-label={messages.tree.label}
      onKeyDown={onKeyDown}
    >
      <div className="tree-rows" role="none" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          if (row.kind === 'region') {
            return (
              <RegionRow
                key={row.key}
                row={row}
                top={start}
                isTabStop={index === tabStop}
                onToggle={() => {
                  setFocused(row.key);
                  toggle(row.key);
                }}
              />
            );
          }
          return (
            <CameraRow
              key={row.key}
              row={row}
              top={start}
              isTabStop={index === tabStop}
              isShown={isShown(row.key)}
              onPick={() => {
                setFocused(row.key);
                onPick(row.key);
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

function pageRows(element: HTMLElement | null, rowHeight: number): number {
  return Math.floor((element?.clientHeight ?? 0) / rowHeight) - 1;
}
