import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Range } from '../api/tickets';
import { rem, unit } from '../design/unit';
import { useLocale } from '../i18n/LocaleProvider';
import { dateTimeOf } from '../i18n/zone';
import { Hands, type Point, type Wishes } from './hands';
import { HoverBubble } from './HoverBubble';
import type { Lane } from './lane';
import { heightOf, laneAt, paint, RULER_HEIGHT } from './paint';
import type { Previews } from './previews';
import { follow, initialView, pan, toInstant, toX, zoom } from './scale';
import { TimelineTools } from './TimelineTools';
import { useGlide } from './useGlide';
import { useWidth } from './useWidth';

interface TimelineProps {
  day: Range;
  /** One at least; the first camera's is what the day's account is about. */
  lanes: readonly Lane[];
  now: number;
  /** The picture shown, epoch milliseconds. */
  instant: number | null;
  previews: Previews;
  onPick: (instant: number) => void;
  onStep: (milliseconds: number) => void;
}

const MINUTE = 60_000;

export function Timeline({ day, lanes, now, instant, previews, onPick, onStep }: TimelineProps) {
  const { messages } = useLocale();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const [hover, setHover] = useState<{ at: number; lane: number } | null>(null);
  const [scrub, setScrub] = useState<number | null>(null);
  const spans = lanes[0]?.record.spans ?? [];
  // Until somebody zooms, the view grows with the day; in steps, so that it holds still under the pointer.
  const { view, target, moving, chosen, aim } = useGlide(
    initialView(spans, day, Math.ceil(now / 15_000) * 15_000),
  );
  const height = heightOf(lanes.length);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    const ratio = (window.devicePixelRatio || 1) * unit();
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const at = scrub ?? instant;
    paint(context, width, {
      view,
      day,
      lanes,
      now,
      instant: at,
      hover: hover?.at ?? null,
      nowLabel: messages.day.now,
    });
  });

  const lastInstant = useRef(instant);
  useEffect(() => {
    const before = lastInstant.current;
    lastInstant.current = instant;
    if (!chosen || scrub !== null || instant === null || before === null || instant === before) return;
    if (before >= target.start && before <= target.end && follow(target, instant, day) !== target)
      aim(follow(target, instant, day));
  });

  // React listens to wheels passively; the page must not scroll under a zoom.
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    if (width === 0) return;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      aim(pan(target, (sideways / width) * (target.end - target.start), day), true);
    } else {
      // A pinch on a touch pad comes as small turns of a wheel with the control key down.
      const factor = Math.exp(event.deltaY / (event.ctrlKey ? 100 : 400));
      aim(zoom(target, factor, toInstant(view, event.offsetX / unit(), width), day));
    }
  };
  const wishes: Wishes = {
    onScrub: (x) => setScrub(clamp(toInstant(view, x, width), day.start, Math.min(now, day.end))),
    onPick: (x) => {
      setScrub(null);
      onPick(clamp(toInstant(view, x, width), day.start, day.end - 1));
    },
    onPan: (by) => aim(pan(target, (by / width) * (target.end - target.start), day), true),
    onPinch: (factor, x) => aim(zoom(target, factor, toInstant(view, x, width), day), true),
    onCancel: () => setScrub(null),
  };
  const newest = useRef({ onWheel, wishes });
  useEffect(() => {
    newest.current = { onWheel, wishes };
  });
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const listener = (event: WheelEvent) => newest.current.onWheel(event);
    element.addEventListener('wheel', listener, { passive: false });
    return () => element.removeEventListener('wheel', listener);
  }, []);

  const hands = useRef<Hands | null>(null);
  const grasp = () =>
    (hands.current ??= new Hands(RULER_HEIGHT, {
      onScrub: (x) => newest.current.wishes.onScrub(x),
      onPick: (x) => newest.current.wishes.onPick(x),
      onPan: (by) => newest.current.wishes.onPan(by),
      onPinch: (factor, x) => newest.current.wishes.onPinch(factor, x),
      onCancel: () => newest.current.wishes.onCancel(),
    }));
  const pointer = {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      grasp().press(pointOf(event));
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const point = pointOf(event);
      const x = clamp(point.x, 0, width);
      setHover({ at: toInstant(view, x, width), lane: laneAt(point.y, lanes.length) });
      grasp().move(point);
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      grasp().release(pointOf(event));
      if (event.pointerType === 'touch') setHover(null);
    },
    onPointerCancel: (event: PointerEvent<HTMLElement>) => {
      grasp().cancel(event.pointerId);
      setHover(null);
    },
    onPointerLeave: () => setHover(null),
  };

  const zoomBy = (factor: number) => {
    const shown = instant !== null && instant > target.start && instant < target.end;
    aim(zoom(target, factor, shown ? instant : (target.start + target.end) / 2, day));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const acts: Record<string, () => void> = {
      ArrowLeft: () => onStep(event.shiftKey ? -MINUTE : -10_000),
      ArrowRight: () => onStep(event.shiftKey ? MINUTE : 10_000),
      ArrowDown: () => onStep(-10_000),
      ArrowUp: () => onStep(10_000),
      PageUp: () => onStep(10 * MINUTE),
      PageDown: () => onStep(-10 * MINUTE),
      Home: () => onPick(spans[0]?.start ?? day.start),
      End: () => onPick(Math.min(now, day.end - 1)),
      '+': () => zoomBy(0.5),
      '=': () => zoomBy(0.5),
      '-': () => zoomBy(2),
      '0': () => aim({ ...day }),
    };
    const act = acts[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  const pointed = scrub ?? hover?.at ?? null;
  const pointedLane = lanes[hover?.lane ?? 0] ?? lanes[0];
  return (
    <div
      className="timeline"
      data-testid="timeline"
      data-view-start={view.start}
      data-view-end={view.end}
      data-moving={moving}
    >
      <TimelineTools
        day={day}
        lane={lanes[0]}
        now={now}
        view={view}
        instant={instant}
        aim={aim}
        zoomBy={zoomBy}
      />
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
          style={{ height: rem(height) }}
          {...pointer}
        />
        {pointed === null || width === 0 || pointedLane === undefined ? null : (
          <HoverBubble
            at={pointed}
            x={toX(view, pointed, width)}
            width={width}
            lane={pointedLane}
            named={lanes.length > 1}
            now={now}
            slack={((view.end - view.start) / width) * 5}
            previews={previews}
          />
        )}
      </div>
    </div>
  );
}

function pointOf(event: PointerEvent<HTMLElement>): Point {
  const { offsetX, offsetY } = event.nativeEvent;
  return { id: event.pointerId, x: offsetX / unit(), y: offsetY / unit() };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
