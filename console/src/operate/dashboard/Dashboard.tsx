import { useEffect, useState } from 'react';
import { useRegistry } from '../../cameras/RegistryProvider';
import { usePageVisible } from '../../player/usePageVisible';
import { useWords } from '../words/useWords';
import { Crumbs } from './Crumbs';
import { IntegrityPanel } from './IntegrityPanel';
import { OfflinePanel } from './OfflinePanel';
import { OnlinePanel } from './OnlinePanel';
import { PERIODS, type Period } from './period';
import { StoragePanel } from './StoragePanel';

const REFRESH_MS = 60_000;

/** How the system does, for a region or for all that the person sees. */
export function Dashboard() {
  const words = useWords();
  const [region, setRegion] = useState('');
  const [period, setPeriod] = useState<Period>('today');
  const minute = useMinute();
  return (
    <div className="page-column">
      <div className="page-bar">
        <Crumbs region={region} onChoose={setRegion} />
        <div className="choices" role="group" aria-label={words.dashboard.period}>
          {PERIODS.map((each) => (
            <button
              key={each}
              type="button"
              className="button"
              aria-pressed={each === period}
              data-testid={`period-${each}`}
              onClick={() => setPeriod(each)}
            >
              {words.dashboard.periods[each]}
            </button>
          ))}
        </div>
      </div>
      <Now region={region} />
      <OnlinePanel region={region} period={period} minute={minute} onDrill={setRegion} />
      <IntegrityPanel region={region} period={period} minute={minute} onDrill={setRegion} />
      <OfflinePanel region={region} />
      <StoragePanel minute={minute} />
    </div>
  );
}

/** Counts minutes while the page is looked at, for what is read again with each. */
function useMinute(): number {
  const visible = usePageVisible();
  const [minute, setMinute] = useState(0);
  useEffect(() => {
    if (!visible) return undefined;
    const timer = setInterval(() => setMinute((value) => value + 1), REFRESH_MS);
    return () => clearInterval(timer);
  }, [visible]);
  return minute;
}

/** States as they are told by events. */
function Now({ region }: { region: string }) {
  const words = useWords();
  const { cameras, regions } = useRegistry();
  const within = new Set(region === '' ? [] : [region]);
  // Parents come before children.
  for (const each of regions) if (within.has(each.parent)) within.add(each.name);
  const counts = { ONLINE: 0, CONNECTING: 0, OFFLINE: 0, DISABLED: 0 };
  let total = 0;
  for (const camera of cameras) {
    if (region !== '' && !within.has(camera.region)) continue;
    total += 1;
    if (camera.state in counts) counts[camera.state] += 1;
  }
  return (
    <dl className="figures" data-testid="now">
      <div>
        <dt>{words.dashboard.cameras}</dt>
        <dd data-testid="count-total">{total}</dd>
      </div>
      {(['ONLINE', 'CONNECTING', 'OFFLINE', 'DISABLED'] as const).map((state) => (
        <div key={state}>
          <dt>
            <i className="state-dot" data-state={state.toLowerCase()} aria-hidden="true" />{' '}
            {words.dashboard.states[state]}
          </dt>
          <dd data-testid={`count-${state.toLowerCase()}`}>{counts[state]}</dd>
        </div>
      ))}
    </dl>
  );
}
