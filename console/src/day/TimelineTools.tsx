import type { Range } from '../api/tickets';
import { IconButton } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import { clockOf } from '../i18n/zone';
import type { Lane } from './lane';
import { Overview } from './Overview';
import { NO_RECORD } from './record';
import { around, type View } from './scale';

interface TimelineToolsProps {
  day: Range;
  lane: Lane | undefined;
  now: number;
  view: View;
  instant: number | null;
  aim: (to: View) => void;
  zoomBy: (factor: number) => void;
}

const MINUTE = 60_000;
const LENGTHS = [
  { label: '1 h', length: 60 * MINUTE },
  { label: '10 min', length: 10 * MINUTE },
  { label: '1 min', length: MINUTE },
];

/** The buttons above the timeline, and the whole day in a thread. */
export function TimelineTools({ day, lane, now, view, instant, aim, zoomBy }: TimelineToolsProps) {
  const messages = useMessages();
  const digits = view.end - view.start < 15 * MINUTE ? 8 : 5;
  return (
    <div className="timeline-tools">
      <IconButton icon="minus" label={messages.day.zoomOut} onClick={() => zoomBy(2)} />
      <IconButton icon="plus" label={messages.day.zoomIn} onClick={() => zoomBy(0.5)} />
      <button type="button" className="quiet-button" data-testid="whole-day" onClick={() => aim({ ...day })}>
        {messages.day.wholeDay}
      </button>
      {LENGTHS.map(({ label, length }) => (
        <button
          key={label}
          type="button"
          className="quiet-button"
          onClick={() => aim(around(instant ?? Math.min(now, day.end), length, day))}
        >
          {label}
        </button>
      ))}
      <Overview
        day={day}
        record={lane?.record ?? NO_RECORD}
        now={now}
        view={view}
        onMove={(at) => aim(around(at, view.end - view.start, day))}
      />
      <span className="timeline-range digits">
        {clockOf(view.start).slice(0, digits)} –{' '}
        {view.end === day.end ? '24:00' : clockOf(view.end).slice(0, digits)}
      </span>
    </div>
  );
}
