import { useEffect, useReducer } from 'react';
import { reasonLine } from '../cameras/reason';
import { rem } from '../design/unit';
import { useLocale } from '../i18n/LocaleProvider';
import { formatDuration } from '../i18n/format';
import { clockOf } from '../i18n/zone';
import { CAUSE_COLOURS, HOLD_COLOUR, RECORDED_COLOUR, STATE_COLOURS } from './causes';
import type { Lane } from './lane';
import { SHEET_WIDTH, TILE_HEIGHT, TILE_WIDTH, type Previews } from './previews';
import { gapAt, isRecorded } from './record';

interface HoverBubbleProps {
  at: number;
  /** Pixels of the design from the left, and the width to stay inside. */
  x: number;
  width: number;
  lane: Lane;
  /** There are others, so the camera is named. */
  named: boolean;
  now: number;
  /** What is this near is pointed at too, ms. */
  slack: number;
  previews: Previews;
}

/** What lies under the pointer: its picture and time; of a gap from when to when, how long and why. */
export function HoverBubble({ at, x, width, lane, named, now, slack, previews }: HoverBubbleProps) {
  const { locale, messages } = useLocale();
  const gap = gapAt(lane.record, at);
  const recorded = gap === null && isRecorded(lane.record, at);
  const hold = lane.holds.find((each) => each.start <= at && at < each.end);
  const happening = lane.happenings.find((each) => Math.abs(each.at - at) <= slack);
  const colour = gap ? CAUSE_COLOURS[gap.cause] : recorded ? RECORDED_COLOUR : '#3b516f';
  const text = gap
    ? messages.causes[gap.cause]
    : recorded
      ? messages.day.recordedHere
      : at > now
        ? messages.day.notYet
        : messages.day.noRecord;
  return (
    <div
      className="bubble"
      data-testid="hover-bubble"
      style={{ left: rem(Math.min(Math.max(x, 96), width - 96)) }}
    >
      {recorded ? <Preview camera={lane.camera} at={at} previews={previews} /> : null}
      {named ? <span className="bubble-name">{lane.title}</span> : null}
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
      {hold ? (
        <span className="bubble-what" style={{ '--cause': HOLD_COLOUR }}>
          {messages.playback.held(hold.caseNumber)}
        </span>
      ) : null}
      {happening ? (
        <span className="bubble-what" style={{ '--cause': STATE_COLOURS[happening.state] }}>
          {clockOf(happening.at)} {messages.state[happening.state]}
          {happening.reason === '' ? null : ` · ${reasonLine(happening.reason, messages)}`}
        </span>
      ) : null}
    </div>
  );
}

/** A picture where there is one at hand; nobody waits for it. */
function Preview({ camera, at, previews }: { camera: string; at: number; previews: Previews }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => previews.subscribe(redraw), [previews]);
  useEffect(() => {
    previews.point(camera, at);
  }, [previews, camera, at]);
  useEffect(() => () => previews.leave(), [previews]);
  const picture = previews.picture(camera, at);
  if (picture === null) return null;
  const size = { width: rem(TILE_WIDTH), height: rem(TILE_HEIGHT) };
  const imageWidth = picture.kind === 'tile' ? SHEET_WIDTH : TILE_WIDTH;
  return (
    <span
      className="bubble-picture"
      data-testid="hover-preview"
      data-kind={picture.kind}
      style={{
        ...size,
        backgroundImage: `url("${picture.url}")`,
        backgroundPosition: `-${rem(picture.x)} -${rem(picture.y)}`,
        backgroundSize: `${rem(imageWidth)} auto`,
      }}
    />
  );
}
