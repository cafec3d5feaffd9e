import type { Range } from '../api/tickets';
import { CAUSE_COLOURS, RECORDED_COLOUR } from './causes';
import type { DayRecord } from './record';
import type { View } from './scale';

interface OverviewProps {
  day: Range;
  record: DayRecord;
  now: number;
  view: View;
  onMove: (instant: number) => void;
}

/** The whole day in a thread, with the part that the timeline shows; a click moves that part. */
export function Overview({ day, record, now, view, onMove }: OverviewProps) {
  const length = day.end - day.start;
  const share = (instant: number) => ((instant - day.start) / length) * 1000;
  const least = 0.8;
  const bar = (range: Range, fill: string, key: string) => (
    <rect
      key={key}
      x={share(range.start)}
      width={Math.max(share(range.end) - share(range.start), least)}
      y="3"
      height="8"
      fill={fill}
    />
  );
  return (
    <svg
      className="overview"
      viewBox="0 0 1000 14"
      preserveAspectRatio="none"
      aria-hidden="true"
      onPointerDown={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        onMove(day.start + ((event.clientX - box.left) / box.width) * length);
      }}
    >
      <rect width="1000" y="3" height="8" fill="#0c1a2f" />
      {record.spans.map((span) => bar(span, RECORDED_COLOUR, `s${span.start}`))}
      {record.gaps.map((gap) => bar(gap, CAUSE_COLOURS[gap.cause], `g${gap.start}`))}
      {now < day.end && now > day.start ? <rect x={share(now)} width="1" height="14" fill="#ff4d5e" /> : null}
      <rect
        className="overview-view"
        x={share(view.start)}
        width={Math.max(share(view.end) - share(view.start), 3)}
        height="14"
      />
    </svg>
  );
}
