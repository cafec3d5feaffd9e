import { useCallback, useEffect, useMemo, useState } from 'react';
import { isAbort, Problem } from '../api/problem';
import { browserShelf, serverShelf, type LayoutShelf, type SavedLayout } from '../api/wallLayouts';
import { usePrincipal, useSession } from '../session/SessionProvider';

export interface ShelfView {
  phase: 'loading' | 'ready' | 'failed';
  layouts: SavedLayout[];
  shelf: LayoutShelf;
  reload: () => void;
}

/** Saved walls: the server's, or this browser's where the server keeps none (404). */
export function useLayoutShelf(): ShelfView {
  const { api } = useSession();
  const { name } = usePrincipal();
  const server = useMemo(() => serverShelf(api), [api]);
  const browser = useMemo(() => browserShelf(localStorage, name), [name]);
  const [shelf, setShelf] = useState<LayoutShelf>(server);
  const [phase, setPhase] = useState<ShelfView['phase']>('loading');
  const [layouts, setLayouts] = useState<SavedLayout[]>([]);
  const [generation, setGeneration] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    shelf.list(controller.signal).then(
      (found) => {
        if (controller.signal.aborted) return;
        setLayouts(found);
        setPhase('ready');
      },
      (error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        if (error instanceof Problem && error.status === 404) setShelf(browser);
        else setPhase('failed');
      },
    );
    return () => controller.abort();
  }, [shelf, browser, generation]);

  return { phase, layouts, shelf, reload: useCallback(() => setGeneration((value) => value + 1), []) };
}
