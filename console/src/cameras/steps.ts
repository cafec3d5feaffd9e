import type { TreeRow } from './tree';

export interface TreeStep {
  /** Index of the row that has the focus then. */
  to: number;
  /** The region to fold or unfold. */
  toggle?: string;
  /** The camera to open. */
  pick?: string;
}

/** What a key does at row `at` of the tree, as the ARIA tree pattern has it; null: it is not the tree's. */
export function stepInTree(rows: readonly TreeRow[], at: number, key: string, page: number): TreeStep | null {
  const row = rows[at];
  if (row === undefined) return null;
  const within = (to: number): TreeStep => ({ to: Math.max(0, Math.min(to, rows.length - 1)) });
  switch (key) {
    case 'ArrowDown':
      return within(at + 1);
    case 'ArrowUp':
      return within(at - 1);
    case 'PageDown':
      return within(at + page);
    case 'PageUp':
      return within(at - page);
    case 'Home':
      return within(0);
    case 'End':
      return within(rows.length - 1);
    case 'ArrowRight':
      if (row.kind !== 'region') return within(at);
      return row.expanded ? within(at + 1) : { to: at, toggle: row.key };
    case 'ArrowLeft':
      if (row.kind === 'region' && row.expanded) return { to: at, toggle: row.key };
      return within(rows.findLastIndex((other, index) => index < at && other.depth < row.depth));
    case 'Enter':
    case ' ':
      return row.kind === 'region' ? { to: at, toggle: row.key } : { to: at, pick: row.key };
    default:
      return null;
  }
}
