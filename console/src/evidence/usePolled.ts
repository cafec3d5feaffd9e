import { useCallback, useEffect, useState } from 'react';
import type { Page } from '../api/evidence';
import { isAbort } from '../api/problem';
import { usePageVisible } from '../player/usePageVisible';

export interface Polled<T> {
  page: Page<T> | null;
  error: unknown;
  /** Asks now, after a change or on request. */
  reload: () => void;
  /** Asks for more of the list from now on. */
  showMore: () => void;
}

const STEP = 50;
const MOST = 1000;

/** The newest of a list, asked for again `pause(items)` ms after each answer while the page is in sight. */
export function usePolled<T>(
  read: (count: number, signal: AbortSignal) => Promise<Page<T>>,
  pause: (items: readonly T[]) => number,
): Polled<T> {
  const visible = usePageVisible();
  const [count, setCount] = useState(STEP);
  const [turn, setTurn] = useState(0);
  const [known, setKnown] = useState<{ page: Page<T> | null; error: unknown }>({ page: null, error: null });
  useEffect(() => {
    if (!visible) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      let items: readonly T[] = [];
      try {
        const page = await read(count, controller.signal);
        items = page.items;
        setKnown({ page, error: null });
      } catch (error) {
        if (isAbort(error) || controller.signal.aborted) return;
        setKnown((before) => ({ ...before, error }));
      }
      timer = setTimeout(() => void ask(), pause(items));
    };
    void ask();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [read, pause, visible, count, turn]);
  return {
    ...known,
    reload: useCallback(() => setTurn((before) => before + 1), []),
    showMore: useCallback(() => setCount((before) => Math.min(MOST, before + STEP)), []),
  };
}
