import { useEffect, useState } from 'react';
import { footageNear, type NearCamera } from '../api/near';
import { isAbort } from '../api/problem';
import { useSession } from '../session/SessionProvider';
import { isInside } from './map/geo';
import { circleOf, type Wish } from './wish';

export interface Found {
  phase: 'idle' | 'loading' | 'ready' | 'failed';
  cameras: NearCamera[];
  error: unknown;
}

const NOTHING: Found = { phase: 'idle', cameras: [], error: null };

/** What is found for a wish; `turn` asks anew for the same one. */
export function useNear(wish: Wish | null, turn: number): Found {
  const { api, clock } = useSession();
  const [answer, setAnswer] = useState<{ of: Wish | null; turn: number; found: Found }>();
  useEffect(() => {
    if (wish === null) return undefined;
    const controller = new AbortController();
    const tell = (found: Found) => setAnswer({ of: wish, turn, found });
    const { area, start, minutes } = wish;
    const { centre, radius } = circleOf(area);
    let latest: NearCamera[] = [];
    // A lasso is asked about as the circle around it.
    const inside = (each: NearCamera) =>
      area.kind === 'circle' || (each.location ? isInside(area.ring, each.location) : false);
    footageNear(
      api,
      {
        ...centre,
        radius,
        start,
        end: Math.min(start + minutes * 60_000, Math.max(clock.now(), start + 1000)),
      },
      (sofar) => {
        latest = sofar.filter(inside);
        tell({ phase: 'loading', cameras: latest, error: null });
      },
      controller.signal,
    ).then(
      () => tell({ phase: 'ready', cameras: latest, error: null }),
      (error: unknown) => {
        if (isAbort(error) || controller.signal.aborted) return;
        tell({ phase: 'failed', cameras: latest, error });
      },
    );
    return () => controller.abort();
  }, [api, clock, wish, turn]);
  if (wish === null) return NOTHING;
  return answer?.of === wish && answer.turn === turn ? answer.found : { ...NOTHING, phase: 'loading' };
}
