import { useEffect, useState } from 'react';
import { getCameraStatus } from '../api/cameras';
import { useSession } from '../session/SessionProvider';

/** Since when the platform has had no signal of a camera that is away, epoch milliseconds; null until known. */
export function useOfflineSince(camera: string, away: boolean): number | null {
  const { api } = useSession();
  const [since, setSince] = useState<number | null>(null);
  useEffect(() => {
    if (!away) return undefined;
    const controller = new AbortController();
    getCameraStatus(api, camera, controller.signal).then(
      ({ state, state_time }) => {
        if (state === 'OFFLINE' && state_time) setSince(Date.parse(state_time));
      },
      () => undefined, // The tile then says the same without the hour.
    );
    return () => {
      controller.abort();
      setSince(null);
    };
  }, [api, camera, away]);
  return since;
}
