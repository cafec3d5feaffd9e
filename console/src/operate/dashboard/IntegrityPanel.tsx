import { useCallback } from 'react';
import { getIntegrity, type Integrity } from '../../api/operations';
import { GAP_CAUSES } from '../../api/types';
import { CAUSE_COLOURS } from '../../day/causes';
import { Spinner } from '../../design/controls';
import { formatDuration, formatRatio } from '../../i18n/format';
import { useLocale } from '../../i18n/LocaleProvider';
import { useSession } from '../../session/SessionProvider';
import { Failure, Panel } from '../parts';
import { useLoad } from '../useLoad';
import { useWords } from '../words/useWords';
import type { RegionPanelProps } from './OnlinePanel';
import { spanOf } from './period';
import { RateChart } from './RateChart';
import { RegionTable } from './RegionTable';

export function IntegrityPanel({ region, period, minute, onDrill }: RegionPanelProps) {
  const { locale, messages } = useLocale();
  const words = useWords();
  const { api, clock } = useSession();
  const load = useCallback(
    (signal: AbortSignal) => {
      void minute;
      return getIntegrity(api, { region, ...spanOf(period, clock.now()) }, signal);
    },
    [api, clock, region, period, minute],
  );
  const { data, error, busy, reload } = useLoad(load);
  return (
    <Panel title={words.dashboard.integrity} testId="integrity" busy={busy}>
      {error !== null ? <Failure error={error} onRetry={reload} /> : null}
      {data === undefined ? (
        error === null ? (
          <Spinner label={messages.common.loading} />
        ) : null
      ) : (
        <>
          <p className="panel-figure">
            <b data-testid="integrity-ratio">{data.ratio === null ? '–' : formatRatio(data.ratio)}</b>
            <span className="faint">
              {words.dashboard.longestGap(formatDuration(data.longest_gap_ms, locale))}
            </span>
          </p>
          {data.scheduled_ms === 0 ? (
            <p className="panel-empty">{words.dashboard.nothingDue}</p>
          ) : (
            <Causes missing={data.missing} />
          )}
          {data.days.length < 2 ? null : (
            <RateChart
              label={words.dashboard.integrityChart(words.dashboard.periods[period])}
              points={data.days.map((day) => ({
                key: day.day,
                short: day.day.slice(5),
                long: day.day,
                rate: day.ratio,
              }))}
            />
          )}
          <RegionTable
            label={words.dashboard.integrity}
            testId="integrity-children"
            heads={[
              words.dashboard.region,
              words.dashboard.cameras,
              words.dashboard.ratio,
              words.dashboard.missing,
            ]}
            rows={data.children.map((child) => ({
              ...child,
              share: child.ratio,
              lost_ms: child.scheduled_ms - child.recorded_ms,
            }))}
            onDrill={onDrill}
          />
        </>
      )}
    </Panel>
  );
}

function Causes({ missing }: Pick<Integrity, 'missing'>) {
  const { locale, messages } = useLocale();
  const words = useWords();
  const whole = missing.reduce((sum, each) => sum + each.ms, 0);
  if (whole === 0) return <p className="panel-empty">{words.dashboard.nothingMissing}</p>;
  return (
    <ul className="causes" aria-label={words.dashboard.causes} data-testid="causes">
      {missing.map(({ cause, ms }) => {
        const known = GAP_CAUSES.find((each) => each === cause);
        return (
          <li key={cause}>
            <span>{known === undefined ? cause : messages.causes[known]}</span>
            <span className="share-track" aria-hidden="true">
              <span
                className="share-bar"
                style={{ width: `${(ms / whole) * 100}%`, background: CAUSE_COLOURS[known ?? 'unknown'] }}
              />
            </span>
            <span className="digits">{formatDuration(ms, locale)}</span>
          </li>
        );
      })}
    </ul>
  );
}
