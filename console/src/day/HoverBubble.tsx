import { useLocale } from '../i18n/LocaleProvider';
import { formatDuration } from '../i18n/format';
import { clockOf } from '../i18n/zone';
import { CAUSE_COLOURS, RECORDED_COLOUR } from './causes';
import { gapAt, isRecorded, type DayRecord } from './record';

interface HoverBubbleProps {
  at: number;
  /** Pixels from the left, and the width to stay inside. */
  x: number;
  width: number;
  record: DayRecord;
  now: number;
}

/** What lies under the pointer: the time and, for a gap, from when to when, how long and why. */
export function HoverBubble({ at, x, width, record, now }: HoverBubbleProps) {
  const { locale, messages } = useLocale();
  const gap = gapAt(record, at);
  const recorded = gap === null && isRecorded(record, at);
  const colour = gap ? CAUSE_COLOURS[gap.cause] : recorded ? RECORDED_COLOUR : '#3b516f';
  const text = gap
    ? messages.causes[gap.cause]
    : recorded
      ? messages.day.recordedHere
      : at > now
        ? messages.day.notYet
        : messages.day.noRecord;
  return (
    <div className="bubble" style={{ left: Math.min(Math.max(x, 90), width - 90) }}>
      <b className="digits">{clockOf(at)}</b>
      <span className="bubble-what" style={{ '--cause': colour }}>
        {text}
      </span>
      {gap ? (
        <span className="digits faint">
          {clockOf(gap.start)} – {gap.open ? messages.day.ongoing : clockOf(gap.end)} ·{' '}
          {formatDuration(gap.end - gap.start, locale)}
        </span>
      ) : null}
    </div>
  );
}
