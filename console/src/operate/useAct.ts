import { useState } from 'react';

export interface Act {
  busy: boolean;
  /** Why the last attempt failed; null when it did not. */
  error: unknown;
  /** Resolves to whether it went well. */
  run: (act: () => Promise<unknown>) => Promise<boolean>;
}

/** Something a person does once, and what came of it. */
export function useAct(): Act {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const run = async (act: () => Promise<unknown>): Promise<boolean> => {
    setState({ busy: true, error: null });
    try {
      await act();
    } catch (error) {
      setState({ busy: false, error });
      return false;
    }
    setState({ busy: false, error: null });
    return true;
  };
  return { ...state, run };
}
