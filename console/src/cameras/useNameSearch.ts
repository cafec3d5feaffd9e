import { useCallback, useMemo, useState } from 'react';
import { NameSearch, type Readings } from './search';

/** The search; `prepare` fetches the pinyin dictionary and may be called often. */
export function useNameSearch(): { search: NameSearch; prepare: () => void } {
  const [readings, setReadings] = useState<Readings | null>(null);
  const prepare = useCallback(() => {
    import('./readings').then(
      ({ readingsOf }) => setReadings(() => readingsOf),
      () => undefined, // without it names are found as they are written
    );
  }, []);
  const search = useMemo(() => new NameSearch(readings), [readings]);
  return { search, prepare };
}
