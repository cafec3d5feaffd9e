import { Fragment } from 'react';
import { Notice } from '../design/controls';
import { useLocale } from '../i18n/LocaleProvider';
import { formatDuration, formatRatio } from '../i18n/format';
import { clockOf } from '../i18n/zone';
import { CAUSE_COLOURS, HOLD_COLOUR } from './causes';
import type { Lane } from './lane';
import { summarise } from './record';

interface GapListProps {
  /** One at least; the first camera's account comes with figures. */
  lanes: readonly Lane[];
  onPick: (instant: number) => void;
}

const LEAD_MS = 10_000;

/** The day's account: what is recorded, what is missing and why, and what is kept. */
export function GapList({ lanes, onPick }: GapListProps) {
  const { locale, messages } = useLocale();
  const [first] = lanes;
  if (first === undefined) return null;
  const { record } = first;
  const { recorded, missing, ratio } = summarise(record);
  if (lanes.length === 1 && record.spans.length === 0 && record.gaps.length === 0) {
    return <Notice icon="film" title={messages.day.noFootage} hint={messages.day.noFootageHint} />;
  }
  return (
    <>
      <dl className="summary" data-testid="day-summary">
        <div>
          <dt>{messages.day.recordedTime}</dt>
          <dd>{formatDuration(recorded, locale)}</dd>
        </div>
        <div>
          <dt>{messages.day.missingTime}</dt>
          <dd data-bad={missing > 0}>{formatDuration(missing, locale)}</dd>
        </div>
        <div title={messages.day.ratioHint}>
          <dt>{messages.day.ratio}</dt>
          <dd data-good={ratio !== null && ratio >= 0.99}>
            {ratio === null ? messages.common.none : formatRatio(ratio)}
          </dd>
        </div>
      </dl>
      {lanes.map((lane) => (
        <Fragment key={lane.camera}>
          {lanes.length > 1 ? <h3 className="gaps-of">{lane.title}</h3> : null}
          <Gaps lane={lane} onPick={onPick} />
          <Holds lane={lane} onPick={onPick} />
        </Fragment>
      ))}
    </>
  );
}

function Gaps({ lane, onPick }: { lane: Lane; onPick: (instant: number) => void }) {
  const { locale, messages } = useLocale();
  const { gaps } = lane.record;
  if (gaps.length === 0) return <p className="gap-none">{messages.day.noGaps}</p>;
  return (
    <ul className="gaps" data-testid="gap-list" aria-label={`${messages.day.gaps} ${lane.title}`}>
      {gaps.map((gap) => (
        <li key={gap.start}>
          <button
            type="button"
            className="gap"
            style={{ '--cause': CAUSE_COLOURS[gap.cause] }}
            data-cause={gap.cause}
            title={messages.day.playBefore(clockOf(gap.start))}
            onClick={() => onPick(gap.start - LEAD_MS)}
          >
            <span className="gap-cause">{messages.causes[gap.cause]}</span>
            <span className="gap-length digits">{formatDuration(gap.end - gap.start, locale)}</span>
            <span className="gap-times digits">
              {clockOf(gap.start)} – {gap.open ? messages.day.ongoing : clockOf(gap.end)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Holds({ lane, onPick }: { lane: Lane; onPick: (instant: number) => void }) {
  const { locale, messages } = useLocale();
  if (lane.holds.length === 0) return null;
  return (
    <ul className="gaps" data-testid="hold-list" aria-label={`${messages.playback.holds} ${lane.title}`}>
      {lane.holds.map((hold) => (
        <li key={hold.name}>
          <button
            type="button"
            className="gap"
            style={{ '--cause': HOLD_COLOUR }}
            onClick={() => onPick(hold.start)}
          >
            <span className="gap-cause">{messages.playback.held(hold.caseNumber)}</span>
            <span className="gap-length digits">{formatDuration(hold.end - hold.start, locale)}</span>
            <span className="gap-times digits">
              {clockOf(hold.start)} – {clockOf(hold.end)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
