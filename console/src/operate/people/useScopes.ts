import { useCallback, useMemo } from 'react';
import { listJurisdictions } from '../../api/people';
import { useRegistry } from '../../cameras/RegistryProvider';
import { useSession } from '../../session/SessionProvider';
import { useRegionName } from '../parts';
import { useLoad } from '../useLoad';

/** What a scope may be: regions by their path, then jurisdictions. */
export function useScopes(): [scope: string, name: string][] {
  const { api } = useSession();
  const { regions } = useRegistry();
  const nameOf = useRegionName();
  const load = useCallback((signal: AbortSignal) => listJurisdictions(api, signal), [api]);
  const { data } = useLoad(load);
  return useMemo(
    () => [
      ...regions.map((region): [string, string] => [region.name, nameOf(region.name)]),
      ...(data ?? []).map((one): [string, string] => [one.name, one.display_name]),
    ],
    [regions, nameOf, data],
  );
}

export function useScopeName(): (scope: string) => string {
  const scopes = useScopes();
  return useMemo(() => {
    const names = new Map(scopes);
    return (scope: string) => names.get(scope) ?? scope;
  }, [scopes]);
}
