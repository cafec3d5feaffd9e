import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { listCameras, listRegions } from '../api/cameras';
import type { Camera } from '../api/types';
import { usePageVisible } from '../player/usePageVisible';
import { usePrincipal, useSession } from '../session/SessionProvider';
import { RegistryStore, type RegistryState } from './registry';

interface RegistryContextValue extends RegistryState {
  byName: ReadonlyMap<string, Camera>;
  /** Reads everything again now, after a change or on request. */
  reload: () => void;
  /** Whether to offer managing cameras: the role is a first guess, the server's refusal the last word. */
  mayManage: boolean;
  refuseManaging: () => void;
}

const RegistryContext = createContext<RegistryContextValue | null>(null);

/** Regions and cameras the person may see, with states kept fresh while the page is visible. */
export function RegistryProvider({ children }: { children: ReactNode }) {
  const { api } = useSession();
  const { roles } = usePrincipal();
  const [refused, setRefused] = useState(false);
  const visible = usePageVisible();
  const [store] = useState(
    () =>
      new RegistryStore({
        regions: (signal) => listRegions(api, signal),
        cameras: (signal, onPage) => listCameras(api, signal, onPage),
        events: (lastEventId, signal) =>
          api.open('GET', '/v1/events', {
            query: { types: 'camera_state,camera_changed,camera_deleted' },
            headers: {
              Accept: 'text/event-stream',
              ...(lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId }),
            },
            signal,
          }),
      }),
  );
  const registry = useSyncExternalStore(store.subscribe, store.get);

  useEffect(() => {
    if (!visible) return undefined;
    store.start();
    return () => store.stop();
  }, [store, visible]);

  const mayManage = !refused && roles.some((role) => role === 'ADMIN' || role === 'OPERATOR');
  const value = useMemo<RegistryContextValue>(
    () => ({
      ...registry,
      byName: new Map(registry.cameras.map((camera) => [camera.name, camera])),
      reload: store.reload,
      mayManage,
      refuseManaging: () => setRefused(true),
    }),
    [registry, store, mayManage],
  );
  return <RegistryContext value={value}>{children}</RegistryContext>;
}

export function useRegistry(): RegistryContextValue {
  const value = useContext(RegistryContext);
  if (value === null) throw new Error('useRegistry outside of RegistryProvider');
  return value;
}
