import { useCallback, useState } from 'react';
import type { Page } from '../api/pages';
import { useLoad } from './useLoad';

export interface Pages<T> {
  items: T[];
  hasMore: boolean;
  busy: boolean;
  error: unknown;
  /** Adds the next page. */
  more: () => void;
  reload: () => void;
}

/** A list that comes in pages; read from its beginning whenever `fetchPage` is another function. */
export function usePages<T>(
  fetchPage: (pageToken: string, signal?: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const load = useCallback((signal: AbortSignal) => fetchPage('', signal), [fetchPage]);
  const first = useLoad(load);
  const [rest, setRest] = useState<{ after: unknown; pages: Page<T>[]; busy: boolean; error: unknown }>({
    after: null,
    pages: [],
    busy: false,
    error: null,
  });
  const isOwn = rest.after === first.data;
  const pages = first.data === undefined ? [] : [first.data, ...(isOwn ? rest.pages : [])];
  const next = pages.at(-1)?.next ?? '';

  const more = () => {
    const after = first.data;
    const known = isOwn ? rest.pages : [];
    setRest({ after, pages: known, busy: true, error: null });
    fetchPage(next).then(
      (page) => setRest({ after, pages: [...known, page], busy: false, error: null }),
      (error: unknown) => setRest({ after, pages: known, busy: false, error }),
    );
  };

  return {
    items: pages.flatMap((page) => page.items),
    hasMore: next !== '',
    busy: first.busy || (isOwn && rest.busy),
    error: first.error ?? (isOwn ? rest.error : null),
    more,
    reload: first.reload,
  };
}
