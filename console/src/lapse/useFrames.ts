import { useEffect, useState } from 'react';
import type { Range, TicketOffice } from '../api/tickets';
import { isAbort, isForbidden, Problem } from '../api/problem';
import { loadFrames, type LapseWish } from './frames';
import type { Frame } from './track';

export type Frames =
  { kind: 'loading' } | { kind: 'ready'; frames: Frame[] } | { kind: 'denied' | 'turnedOff' | 'failed' };

const LOADING: Frames = { kind: 'loading' };

/** The pictures of what is wished for, once they are known. */
export function useFrames(wish: LapseWish, officeOf: (day: Range) => TicketOffice): Frames {
  const [answer, setAnswer] = useState<{ of: LapseWish; frames: Frames } | null>(null);
  useEffect(() => {
    const asked = new AbortController();
    loadFrames(wish, officeOf, asked.signal).then(
      (frames) => setAnswer({ of: wish, frames: { kind: 'ready', frames } }),
      (error: unknown) => {
        if (!isAbort(error)) setAnswer({ of: wish, frames: whyNot(error) });
      },
    );
    return () => asked.abort();
  }, [wish, officeOf]);
  return answer?.of === wish ? answer.frames : LOADING;
}

function whyNot(error: unknown): Frames {
  if (isForbidden(error)) return { kind: 'denied' };
  if (error instanceof Problem && error.status === 404) return { kind: 'turnedOff' };
  return { kind: 'failed' };
}
