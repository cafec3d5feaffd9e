import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiClient } from '../api/client';
import { ServerClock } from '../api/clock';
import type { Principal } from '../api/types';
import { Session } from './session';

export type SessionState =
  | { phase: 'starting' }
  | { phase: 'unreachable' }
  | { phase: 'signed-out'; expired: boolean }
  | { phase: 'signed-in'; principal: Principal };

interface SessionContextValue {
  state: SessionState;
  api: ApiClient;
  clock: ServerClock;
  signIn: (username: string, password: string, newPassword?: string) => Promise<void>;
  signOut: () => Promise<void>;
  retry: () => void;
}

const SessionContext = createContext<SessionContextValue | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [clock] = useState(() => new ServerClock());
  const [session] = useState(() => new Session(clock));
  const [state, setState] = useState<SessionState>({ phase: 'starting' });

  const api = useMemo(() => {
    const renew = async (): Promise<boolean> => {
      const principal = await session.renew();
      if (principal === null) setState({ phase: 'signed-out', expired: true });
      return principal !== null;
    };
    return new ApiClient({ accessToken: session.accessToken, renew }, clock);
  }, [session, clock]);

  const resume = useCallback(
    () =>
      session.renew().then(
        (principal) =>
          setState(principal ? { phase: 'signed-in', principal } : { phase: 'signed-out', expired: false }),
        () => setState({ phase: 'unreachable' }),
      ),
    [session],
  );

  useEffect(() => {
    void resume();
  }, [resume]);

  const isAway = state.phase === 'unreachable';
  useEffect(() => {
    if (!isAway) return undefined;
    const timer = setInterval(() => void resume(), 5000);
    return () => clearInterval(timer);
  }, [isAway, resume]);

  const onOver = useCallback(() => setState({ phase: 'signed-out', expired: true }), []);
  useRenewal(session, state.phase === 'signed-in', onOver);

  const value = useMemo<SessionContextValue>(
    () => ({
      state,
      api,
      clock,
      signIn: async (username, password, newPassword) => {
        const principal = await session.signIn(username, password, newPassword);
        setState({ phase: 'signed-in', principal });
      },
      signOut: async () => {
        setState({ phase: 'signed-out', expired: false });
        await session.signOut();
      },
      retry: () => {
        setState({ phase: 'starting' });
        void resume();
      },
    }),
    [state, api, clock, session, resume],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}

/** Renews ahead of expiry. Looked at every few seconds because a laptop's sleep stops long timers. */
function useRenewal(session: Session, active: boolean, onOver: () => void) {
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => {
      if (Date.now() < session.renewAt) return;
      session.renew().then(
        (principal) => {
          if (principal === null) onOver();
        },
        () => undefined, // Unreachable: the next look tries again, and requests say so themselves.
      );
    }, 5000);
    return () => clearInterval(timer);
  }, [session, active, onOver]);
}

export function useSession(): SessionContextValue {
  const value = useContext(SessionContext);
  if (value === null) throw new Error('useSession outside of SessionProvider');
  return value;
}

/** The signed-in person; only for screens behind the sign-in. */
export function usePrincipal(): Principal {
  const { state } = useSession();
  if (state.phase !== 'signed-in') throw new Error('nobody is signed in');
  return state.principal;
}
