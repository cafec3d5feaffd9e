import { useEffect, useState } from 'react';
import { getTimeline } from '../api/cameras';
import { isAbort, Problem } from '../api/problem';
import type { Range } from '../api/tickets';
import { usePageVisible } from '../player/usePageVisible';
import { useSession } from '../session/SessionProvider';
import { NO_RECORD, readTimeline, type DayRecord } from './record';

const POLL_MS = 5000;

export interface DayRecordState {
  phase: 'loading' | 'ready' | 'failed' | 'denied';
  record: DayRecord;
  reload: () => void;
}

/** What is recorded of a camera's day; the day that is still going on is read again and again. */
export function useDayRecord(camera: string, day: Range): DayRecordState {
  const { api, clock } = useSession();
  const visible = usePageVisible();
  const [generation, setGeneration] = useState(0);
  const [state, setState] = useState<Omit<DayRecordState, 'reload'>>({ phase: 'loading', record: NO_RECORD });
  const { start, end } = day;

  useEffect(() => {
    if (!visible) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        const answer = await getTimeline(api, camera, start, end, controller.signal);
        setState({ phase: 'ready', record: readTimeline(answer, { start, end }, clock.now()) });
      } catch (error) {
        if (isAbort(error) || controller.signal.aborted) return;
        const denied = error instanceof Problem && error.status === 403;
        setState((known) =>
          known.phase === 'ready' ? known : { phase: denied ? 'denied' : 'failed', record: NO_RECORD },
        );
      }
      if (clock.now() < end) timer = setTimeout(() => void read(), POLL_MS);
    };
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [api, clock, camera, start, end, visible, generation]);

  return { ...state, reload: () => setGeneration((value) => value + 1) };
}
