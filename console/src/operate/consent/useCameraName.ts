import { useCallback } from 'react';
import { useRegistry } from '../../cameras/RegistryProvider';

/** The display name of a camera; what is known of one that is out of sight or was removed. */
export function useCameraName(): (name: string, uid: string) => string {
  const { byName } = useRegistry();
  return useCallback((name, uid) => byName.get(name)?.display_name ?? (name || uid), [byName]);
}
