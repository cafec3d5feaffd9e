import { useEffect, useState } from 'react';
import { useSession } from './SessionProvider';

/** The server's now, once a second unless asked for less often, epoch milliseconds. */
export function useNow(everyMs = 1000): number {
  const { clock } = useSession();
  const [now, setNow] = useState(clock.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), everyMs);
    return () => clearInterval(timer);
  }, [clock, everyMs]);
  return now;
}
