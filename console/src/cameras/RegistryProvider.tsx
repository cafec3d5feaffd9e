import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { listCameras, listRegions } from '../api/cameras';
import { isAbort } from '../api/problem';
import type { Camera, Region } from '../api/types';
import { usePageVisible } from '../player/usePageVisible';
import { usePrincipal, useSession } from '../session/SessionProvider';
import { pollInterval } from './polling';
import { renewed } from './renewed';

interface Registry {
  /** While it is loading, `cameras` grows page by page. */
  phase: 'loading' | 'ready' | 'failed';
  regions: Region[];
  cameras: Camera[];
  /** The last poll failed: what is shown may be out of date. */
  stale: boolean;
  error: unknown;
}

interface RegistryContextValue extends Registry {
  byName: ReadonlyMap<string, Camera>;
  /** Reads everything again now, after a change or on request. */
  reload: () => void;
  /** Whether to offer managing cameras: the role is a first guess, the server's refusal the last word. */
  mayManage: boolean;
  refuseManaging: () => void;
}

const EMPTY: Registry = { phase: 'loading', regions: [], cameras: [], stale: false, error: null };
const RegistryContext = createContext<RegistryContextValue | null>(null);

/** Regions and cameras the person may see, with states kept fresh while the page is visible. */
export function RegistryProvider({ children }: { children: ReactNode }) {
  const { api } = useSession();
  const { roles } = usePrincipal();
  const [refused, setRefused] = useState(false);
  const visible = usePageVisible();
  const [registry, setRegistry] = useState<Registry>(EMPTY);
  const [generation, setGeneration] = useState(0);

  useEffect(() => {
    if (!visible) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      let total = 0;
      try {
        const regions = await listRegions(api, controller.signal);
        const cameras = await listCameras(api, controller.signal, (sofar) =>
          setRegistry((known) => (known.phase === 'ready' ? known : { ...EMPTY, regions, cameras: sofar })),
        );
        total = cameras.length;
        setRegistry((known) => ({
          phase: 'ready',
          regions: renewed(known.regions, regions),
          cameras: renewed(known.cameras, cameras),
          stale: false,
          error: null,
        }));
      } catch (error) {
        if (isAbort(error) || controller.signal.aborted) return;
        setRegistry((known) =>
          known.phase === 'ready' ? { ...known, stale: true, error } : { ...EMPTY, phase: 'failed', error },
        );
      }
      timer = setTimeout(() => void read(), pollInterval(total));
    };
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [api, visible, generation]);

  const reload = useCallback(() => setGeneration((value) => value + 1), []);
  const mayManage = !refused && roles.some((role) => role === 'ADMIN' || role === 'OPERATOR');
  const value = useMemo<RegistryContextValue>(
    () => ({
      ...registry,
      byName: new Map(registry.cameras.map((camera) => [camera.name, camera])),
      reload,
      mayManage,
      refuseManaging: () => setRefused(true),
    }),
    [registry, reload, mayManage],
  );
  return <RegistryContext value={value}>{children}</RegistryContext>;
}

export function useRegistry(): RegistryContextValue {
  const value = useContext(RegistryContext);
  if (value === null) throw new Error('useRegistry outside of RegistryProvider');
  return value;
}
