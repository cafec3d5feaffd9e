import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Range } from '../api/tickets';
import { IconButton } from '../design/controls';
import { useLocale } from '../i18n/LocaleProvider';
import { clockOf, dateTimeOf } from '../i18n/zone';
import { HoverBubble } from './HoverBubble';
import { Overview } from './Overview';
import { paint, TIMELINE_HEIGHT } from './paint';
import type { DayRecord } from './record';
import { around, follow, initialView, pan, toInstant, toX, zoom, type View } from './scale';
import { useWidth } from './useWidth';

interface TimelineProps {
  day: Range;
  record: DayRecord;
  now: number;
  /** The picture shown, epoch milliseconds. */
  instant: number | null;
  onPick: (instant: number) => void;
  onStep: (milliseconds: number) => void;
}

interface Drag {
  x: number;
  view: View;
  moved: boolean;
}

const MINUTE = 60_000;
/** A hand is not quite still when it clicks, px. */
const CLICK_SLACK = 4;

export function Timeline({ day, record, now, instant, onPick, onStep }: TimelineProps) {
  const { messages } = useLocale();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<Drag | null>(null);
  const width = useWidth(box);
  const [chosen, setChosen] = useState<View | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const [lastInstant, setLastInstant] = useState(instant);
  // Until somebody zooms, the view grows with the day; in steps, so that it holds still under the pointer.
  const view = chosen ?? initialView(record.spans, day, Math.ceil(now / 15_000) * 15_000);

  if (instant !== lastInstant) {
    setLastInstant(instant);
    const wasShown = lastInstant !== null && lastInstant >= view.start && lastInstant <= view.end;
    if (chosen !== null && instant !== null && wasShown) setChosen(follow(view, instant, day));
  }

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(TIMELINE_HEIGHT * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, width, { view, day, record, now, instant, hover, nowLabel: messages.day.now });
  });

  // React listens to wheels passively; the page must not scroll under a zoom.
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    if (width === 0) return;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      setChosen(pan(view, (event.deltaX / width) * (view.end - view.start), day));
    } else {
      setChosen(zoom(view, Math.exp(event.deltaY / 400), toInstant(view, event.offsetX, width), day));
    }
  };
  const wheel = useRef(onWheel);
  useEffect(() => {
    wheel.current = onWheel;
  });
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const listener = (event: WheelEvent) => wheel.current(event);
    element.addEventListener('wheel', listener, { passive: false });
    return () => element.removeEventListener('wheel', listener);
  }, []);

  const pointer = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = { x: event.nativeEvent.offsetX, view, moved: false };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const x = event.nativeEvent.offsetX;
      setHover(toInstant(view, x, width));
      const held = drag.current;
      if (held === null || (!held.moved && Math.abs(x - held.x) <= CLICK_SLACK)) return;
      held.moved = true;
      setChosen(pan(held.view, ((held.x - x) / width) * (held.view.end - held.view.start), day));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const held = drag.current;
      drag.current = null;
      if (held !== null && !held.moved) onPick(toInstant(view, event.nativeEvent.offsetX, width));
    },
    onPointerCancel: () => {
      drag.current = null;
    },
    onPointerLeave: () => setHover(null),
  };

  const middle =
    instant !== null && instant > view.start && instant < view.end ? instant : (view.start + view.end) / 2;
  const onKeyDown = (event: KeyboardEvent) => {
    const acts: Record<string, () => void> = {
      ArrowLeft: () => onStep(-10_000),
      ArrowRight: () => onStep(10_000),
      PageUp: () => onStep(10 * MINUTE),
      PageDown: () => onStep(-10 * MINUTE),
      Home: () => onPick(record.spans[0]?.start ?? day.start),
      End: () => onPick(Math.min(now, day.end - 1)),
      '+': () => setChosen(zoom(view, 0.5, middle, day)),
      '=': () => setChosen(zoom(view, 0.5, middle, day)),
      '-': () => setChosen(zoom(view, 2, middle, day)),
    };
    const act = acts[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  return (
    <div className="timeline" data-testid="timeline" data-view-start={view.start} data-view-end={view.end}>
      <div className="timeline-tools">
        <IconButton
          icon="minus"
          label={messages.day.zoomOut}
          onClick={() => setChosen(zoom(view, 2, middle, day))}
        />
        <IconButton
          icon="plus"
          label={messages.day.zoomIn}
          onClick={() => setChosen(zoom(view, 0.5, middle, day))}
        />
        <button
          type="button"
          className="quiet-button"
          data-testid="whole-day"
          onClick={() => setChosen({ ...day })}
        >
          {messages.day.wholeDay}
        </button>
        {[60, 10].map((minutes) => (
          <button
            key={minutes}
            type="button"
            className="quiet-button"
            onClick={() => setChosen(around(instant ?? Math.min(now, day.end), minutes * MINUTE, day))}
          >
            {minutes === 60 ? '1 h' : '10 min'}
          </button>
        ))}
        <Overview
          day={day}
          record={record}
          now={now}
          view={view}
          onMove={(at) => setChosen(around(at, view.end - view.start, day))}
        />
        <span className="timeline-range digits">
          {clockOf(view.start).slice(0, 5)} – {view.end === day.end ? '24:00' : clockOf(view.end).slice(0, 5)}
        </span>
      </div>
      <div
        ref={box}
        className="timeline-box"
        role="slider"
        tabIndex={0}
        aria-label={messages.day.timeline}
        aria-describedby="timeline-help"
        aria-orientation="horizontal"
        aria-valuemin={day.start}
        aria-valuemax={day.end}
        aria-valuenow={Math.round(instant ?? Math.min(now, day.end))}
        aria-valuetext={instant === null ? messages.day.idle : dateTimeOf(instant)}
        onKeyDown={onKeyDown}
      >
        <span id="timeline-help" className="visually-hidden">
          {messages.day.timelineHelp}
        </span>
        <canvas
          ref={canvas}
          className="timeline-canvas"
          data-testid="timeline-canvas"
          style={{ height: TIMELINE_HEIGHT }}
          {...pointer}
        />
        {hover === null || width === 0 ? null : (
          <HoverBubble at={hover} x={toX(view, hover, width)} width={width} record={record} now={now} />
        )}
      </div>
    </div>
  );
}
