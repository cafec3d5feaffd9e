import { useCallback, useEffect, useState } from 'react';

export interface Loaded<T> {
  /** The last that came; of an earlier question while `busy`. */
  data: T | undefined;
  error: unknown;
  busy: boolean;
  reload: () => void;
}

/** What `load` answers; asked again whenever `load` is another function. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [generation, setGeneration] = useState(0);
  const [state, setState] = useState<{ of: unknown; data: T | undefined; error: unknown }>({
    of: null,
    data: undefined,
    error: null,
  });
  useEffect(() => {
    const controller = new AbortController();
    load(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ of: load, data, error: null });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setState({ of: load, data: undefined, error });
      },
    );
    return () => controller.abort();
  }, [load, generation]);
  const reload = useCallback(() => setGeneration((value) => value + 1), []);
  const isOwn = state.of === load;
  return { data: state.data, error: isOwn ? state.error : null, busy: !isOwn, reload };
}
