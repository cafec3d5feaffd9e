import { useEffect, useState } from 'react';
import { useSession } from '../session/SessionProvider';

/** The server's now, once a second, epoch milliseconds. */
export function useNow(): number {
  const { clock } = useSession();
  const [now, setNow] = useState(clock.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), 1000);
    return () => clearInterval(timer);
  }, [clock]);
  return now;
}
