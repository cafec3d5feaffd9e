import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Camera } from '../api/types';
import { CameraDetails } from '../cameras/CameraDetails';
import { useRegistry } from '../cameras/RegistryProvider';
import { Notice, Spinner } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import { boundsOf, dateOf, isDate } from '../i18n/zone';
import { goTo, hrefOf, useRoute } from '../route';
import './day.css';
import { CameraPicker } from './CameraPicker';
import { DayHead } from './DayHead';
import { GapList } from './GapList';
import { LapseAction } from './LapseAction';
import { useNow } from '../session/useNow';
import { Stage } from './Stage';
import { TakeActions } from './TakeActions';
import { Timeline } from './Timeline';
import { Transport } from './Transport';
import { useLanes } from './useLanes';
import { usePlayback, type Playback } from './usePlayback';
import { usePreviews } from './usePreviews';

interface DayScreenProps {
  /** "cameras/{id}" */
  camera: string;
  /** yyyy-mm-dd; null or no date is today. */
  date: string | null;
}

export function DayScreen({ camera, date }: DayScreenProps) {
  const messages = useMessages();
  const { byName, phase, reload } = useRegistry();
  const { beside, at } = useAddress();
  const now = useNow();
  const known = byName.get(camera);
  const today = dateOf(now);
  const [held, setHeld] = useState<string | null>(null);
  if (known !== undefined) {
    const shown = date !== null && isDate(date) && date <= today ? date : (held ?? today);
    const key = `${known.uid} ${shown} ${at ?? ''}`;
    return (
      <CameraDay
        key={key}
        camera={known}
        beside={beside}
        at={at}
        date={shown}
        today={today}
        now={now}
        onHold={setHeld}
      />
    );
  }
  return (
    <div className="splash">
      {phase === 'loading' ? <Spinner label={messages.common.loading} /> : null}
      {phase === 'failed' ? (
        <Notice
          icon="link"
          tone="bad"
          title={messages.common.serverAway}
          hint={messages.common.serverAwayHint}
        >
          <button type="button" className="button" onClick={reload}>
            {messages.common.retry}
          </button>
        </Notice>
      ) : null}
      {phase === 'ready' ? (
        <Notice icon="cameraOff" title={messages.day.notFound} hint={messages.day.notFoundHint}>
          <a className="button" href={hrefOf({ screen: 'wall' })}>
            {messages.day.back}
          </a>
        </Notice>
      ) : null}
    </div>
  );
}

/** By the address: the cameras that play along, and where to begin, null for nowhere. */
function useAddress(): { beside: readonly string[]; at: number | null } {
  const route = useRoute();
  if (route.screen !== 'day') return { beside: NOBODY, at: null };
  return { beside: route.beside ?? NOBODY, at: route.at ?? null };
}

const NOBODY: readonly string[] = [];

interface CameraDayProps {
  camera: Camera;
  beside: readonly string[];
  at: number | null;
  date: string;
  today: string;
  now: number;
  /** The past of this day is being watched, null when not: midnight must not take it away. */
  onHold: (date: string | null) => void;
}

function CameraDay({ camera, beside, at, date, today, now, onHold }: CameraDayProps) {
  const messages = useMessages();
  const { byName } = useRegistry();
  const stage = useRef<HTMLElement>(null);
  const [muted, setMuted] = useState(true);
  const day = useMemo(() => boundsOf(date), [date]);
  const isToday = date === today;
  const cameras = useMemo(() => {
    const others = beside.map((name) => byName.get(name)).filter((each) => each !== undefined);
    return [...new Map([camera, ...others].map((each) => [each.name, each])).values()];
  }, [camera, beside, byName]);
  const { lanes, reload } = useLanes(cameras, day);
  const phase = lanes[0]?.phase ?? 'loading';
  const player = usePlayback(cameras, day, lanes, isToday);
  const previews = usePreviews(player.office);
  const { playFrom } = player;
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || at === null || phase !== 'ready') return;
    begun.current = true;
    playFrom(at);
  }, [at, phase, playFrom]);
  const watchesPast = player.programme?.kind === 'recorded';
  useEffect(() => {
    onHold(watchesPast ? date : null);
  }, [onHold, watchesPast, date]);
  const show = (names: readonly string[]) =>
    goTo({ screen: 'day', camera: camera.name, date: date === today ? null : date, beside: names });
  const pick = (instant: number) => {
    if (instant >= day.start && instant < day.end) playFrom(instant);
    else goTo({ screen: 'day', camera: camera.name, date: dateOf(instant), beside, at: instant });
  };

  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys of the buttons inside, wherever focus is
    <div className="day-screen" onKeyDown={(event) => pressKey(event, player)}>
      <DayHead camera={camera} beside={beside} date={date} today={today}>
        <CameraPicker
          shown={cameras.map((each) => each.name)}
          onPick={(name) => show([...cameras.slice(1).map((each) => each.name), name])}
        />
        <LapseAction camera={camera} day={day} office={player.office} onPick={pick} />
        <TakeActions cameras={cameras.map((each) => each.name)} instant={player.instant} now={now} />
      </DayHead>
      <div className="day-main">
        <Stage
          stage={stage}
          cameras={cameras}
          lanes={lanes}
          day={day}
          playback={player}
          muted={muted}
          onRemove={(name) =>
            show(
              cameras
                .slice(1)
                .map((each) => each.name)
                .filter((each) => each !== name),
            )
          }
        />
        <Transport
          player={player}
          waitsForCamera={player.programme?.kind === 'live' && camera.state !== 'ONLINE'}
          isToday={isToday}
          stage={stage}
          audio={camera.audio}
          muted={muted}
          onMute={setMuted}
        />
      </div>
      <SidePanel>
        {{
          gaps:
            phase === 'loading' ? (
              <Spinner label={messages.common.loading} />
            ) : phase === 'ready' ? (
              <GapList lanes={lanes} onPick={player.playFrom} />
            ) : (
              <Notice
                icon="alert"
                tone="bad"
                title={phase === 'denied' ? messages.day.denied : messages.day.timelineFailed}
              />
            ),
          details: <CameraDetails camera={camera} />,
        }}
      </SidePanel>
      <div className="day-timeline" data-phase={phase}>
        <Timeline
          day={day}
          lanes={lanes}
          now={now}
          instant={player.instant}
          previews={previews}
          onPick={player.playFrom}
          onStep={player.step}
        />
        {phase === 'failed' || phase === 'denied' ? (
          <div className="timeline-failed">
            <Notice
              icon={phase === 'denied' ? 'lock' : 'alert'}
              tone="bad"
              title={phase === 'denied' ? messages.day.denied : messages.day.timelineFailed}
            >
              {phase === 'failed' ? (
                <button type="button" className="button" onClick={reload}>
                  {messages.common.retry}
                </button>
              ) : null}
            </Notice>
          </div>
        ) : null}
      </div>
    </div>
  );
}

/** One key for each button of the transport; what has focus and its own keys keeps them. */
function pressKey(event: KeyboardEvent<HTMLElement>, player: Playback): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest('input, select, textarea, dialog')) return;
  const onButton =
    event.target instanceof Element && event.target.closest('button, a, [role="tab"]') !== null;
  const acts: Record<string, () => void> = {
    ',': () => player.stepFrame(-1),
    '.': () => player.stepFrame(1),
    '[': () => player.stepMark(-1),
    ']': () => player.stepMark(1),
    l: player.goLive,
    ...(onButton ? {} : { ' ': player.togglePlay, Enter: player.togglePlay }),
  };
  const act = acts[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

type Tab = 'gaps' | 'details';

function SidePanel({ children }: { children: Record<Tab, React.ReactNode> }) {
  const messages = useMessages();
  const [tab, setTab] = useState<Tab>('gaps');
  const titles: Record<Tab, string> = { gaps: messages.day.summary, details: messages.day.details };
  return (
    <aside className="side">
      <div className="tabs" role="tablist">
        {(['gaps', 'details'] as const).map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`tab-${each}`}
            aria-selected={tab === each}
            aria-controls="side-body"
            data-testid={`tab-${each}`}
            onClick={() => setTab(each)}
          >
            {titles[each]}
          </button>
        ))}
      </div>
      <div id="side-body" className="side-body scroll" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {children[tab]}
      </div>
    </aside>
  );
}
