import { useEffect, useMemo, useState } from 'react';
import { getCameraStatus, getTimeline, listHolds } from '../api/cameras';
import type { ApiClient } from '../api/client';
import { isAbort, isForbidden } from '../api/problem';
import type { Range } from '../api/tickets';
import type { Camera } from '../api/types';
import { usePageVisible } from '../player/usePageVisible';
import { useSession } from '../session/SessionProvider';
import { emptyLane, readHappenings, readHolds, type Lane } from './lane';
import { readTimeline } from './record';

const POLL_MS = 5000;
/** Holds and changes of state are read with every so many polls of the timeline. */
const MARKS_EVERY = 6;

export interface Lanes {
  lanes: Lane[];
  reload: () => void;
}

/** What is known of the cameras' day; the day that is still going on is read again and again. */
export function useLanes(cameras: readonly Camera[], day: Range): Lanes {
  const { api, clock } = useSession();
  const visible = usePageVisible();
  const [generation, setGeneration] = useState(0);
  const [known, setKnown] = useState<ReadonlyMap<string, Partial<Lane>>>(new Map());
  const { start, end } = day;
  const names = cameras.map((camera) => camera.name).join(' ');

  useEffect(() => {
    if (!visible) return undefined;
    const controller = new AbortController();
    for (const camera of names.split(' ')) {
      const learn = (part: Partial<Lane>) =>
        setKnown((lanes) => new Map(lanes).set(camera, { ...lanes.get(camera), ...part }));
      const forget = (phase: 'failed' | 'denied') =>
        setKnown((lanes) =>
          lanes.get(camera)?.phase === 'ready' ? lanes : new Map(lanes).set(camera, { phase }),
        );
      void follow({
        api,
        camera,
        day: { start, end },
        now: clock.now,
        signal: controller.signal,
        learn,
        forget,
      });
    }
    return () => controller.abort();
  }, [api, clock, names, start, end, visible, generation]);

  const lanes = useMemo(
    () =>
      cameras.map((camera) => ({
        ...emptyLane(camera.name, camera.display_name),
        ...known.get(camera.name),
      })),
    [cameras, known],
  );
  return { lanes, reload: () => setGeneration((value) => value + 1) };
}

interface Following {
  api: ApiClient;
  camera: string;
  day: Range;
  now: () => number;
  signal: AbortSignal;
  learn: (part: Partial<Lane>) => void;
  forget: (phase: 'failed' | 'denied') => void;
}

async function follow(following: Following): Promise<void> {
  const { api, camera, day, now, signal, learn, forget } = following;
  for (let round = 0; !signal.aborted; round += 1) {
    try {
      const answer = await getTimeline(api, camera, day.start, day.end, signal);
      learn({ phase: 'ready', record: readTimeline(answer, day, now()) });
      if (round % MARKS_EVERY === 0) learn(await readMarks(following));
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      forget(isForbidden(error) ? 'denied' : 'failed');
    }
    if (now() >= day.end) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Who may not see holds or the state sees a timeline without them. */
async function readMarks({ api, camera, day, signal }: Following): Promise<Partial<Lane>> {
  const [holds, status] = await Promise.allSettled([
    listHolds(api, camera, signal),
    getCameraStatus(api, camera, signal),
  ]);
  return {
    ...(holds.status === 'fulfilled' ? { holds: readHolds(holds.value, day) } : {}),
    ...(status.status === 'fulfilled' ? { happenings: readHappenings(status.value, day) } : {}),
  };
}
