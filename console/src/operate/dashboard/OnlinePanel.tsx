import { useCallback } from 'react';
import { getOnlineRate } from '../../api/operations';
import { Spinner } from '../../design/controls';
import { formatDuration, formatRatio } from '../../i18n/format';
import { useLocale } from '../../i18n/LocaleProvider';
import { clockOf, dateOf, dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { Failure, Panel } from '../parts';
import { useLoad } from '../useLoad';
import { useWords } from '../words/useWords';
import { spanOf, STEP_OF, type Period } from './period';
import { RateChart } from './RateChart';
import { RegionTable } from './RegionTable';

export interface RegionPanelProps {
  region: string;
  period: Period;
  /** Read again when it counts on. */
  minute: number;
  onDrill: (region: string) => void;
}

export function OnlinePanel({ region, period, minute, onDrill }: RegionPanelProps) {
  const { locale, messages } = useLocale();
  const words = useWords();
  const { api, clock } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => {
      void minute;
      return getOnlineRate(api, { region, ...spanOf(period, clock.now()) }, STEP_OF[period], signal);
    },
    [api, clock, region, period, minute],
  );
  const { data, error, busy, reload } = useLoad(load);
  const isDaily = STEP_OF[period] === 'day';
  return (
    <Panel title={words.dashboard.online} testId="online" busy={busy}>
      {error !== null ? <Failure error={error} onRetry={reload} /> : null}
      {data === undefined ? (
        error === null ? (
          <Spinner label={messages.common.loading} />
        ) : null
      ) : (
        <>
          <p className="panel-figure">
            <b data-testid="online-rate">{data.rate === null ? '–' : formatRatio(data.rate)}</b>
            <span className="faint">
              {words.dashboard.onlineOf(
                formatDuration(data.online_ms, locale),
                formatDuration(data.enabled_ms, locale),
              )}
            </span>
          </p>
          <RateChart
            label={words.dashboard.onlineChart(words.dashboard.periods[period])}
            points={data.steps.map((step) => {
              const start = Date.parse(step.start);
              return {
                key: step.start,
                short: isDaily || period === 'week' ? dateOf(start).slice(5) : clockOf(start).slice(0, 5),
                long: isDaily ? dateOf(start) : dateTimeOf(start).slice(0, 16),
                rate: step.rate,
              };
            })}
          />
          <RegionTable
            label={words.dashboard.online}
            testId="online-children"
            heads={[
              words.dashboard.region,
              words.dashboard.cameras,
              words.dashboard.rate,
              words.dashboard.lost,
            ]}
            rows={data.children.map((child) => ({
              ...child,
              share: child.rate,
              lost_ms: child.enabled_ms - child.online_ms,
            }))}
            onDrill={onDrill}
          />
        </>
      )}
    </Panel>
  );
}
