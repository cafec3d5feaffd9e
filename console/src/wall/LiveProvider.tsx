import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { LiveTickets } from '../api/liveTickets';
import { WallSocket } from '../player/WallSocket';
import { useSession } from '../session/SessionProvider';

interface Live {
  socket: WallSocket;
  tickets: LiveTickets;
}

const LiveContext = createContext<Live | null>(null);

/** The one socket for all pictures of the wall. It is open only while something is watched. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const { api, clock } = useSession();
  const [live] = useState<Live>(() => {
    const tickets = new LiveTickets(api, clock.now);
    const url = `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/ws`;
    return { socket: new WallSocket({ url, tickets }), tickets };
  });
  useEffect(() => () => live.socket.close(), [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const value = useContext(LiveContext);
  if (value === null) throw new Error('useLive outside of LiveProvider');
  return value;
}
