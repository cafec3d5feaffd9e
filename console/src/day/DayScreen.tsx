import { useMemo, useRef, useState } from 'react';
import type { Camera } from '../api/types';
import { CameraDetails } from '../cameras/CameraDetails';
import { reasonLine } from '../cameras/reason';
import { useRegistry } from '../cameras/RegistryProvider';
import { regionPath } from '../cameras/tree';
import { Notice, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { boundsOf, dateOf, isDate } from '../i18n/zone';
import { goTo, hrefOf } from '../route';
import './day.css';
import { DayPicker } from './DayPicker';
import { GapList } from './GapList';
import { Stage } from './Stage';
import { Timeline } from './Timeline';
import { Transport } from './Transport';
import { useDayPlayer } from './useDayPlayer';
import { useDayRecord } from './useDayRecord';
import { useNow } from './useNow';

interface DayScreenProps {
  /** "cameras/{id}" */
  camera: string;
  /** yyyy-mm-dd; null or no date is today. */
  date: string | null;
}

export function DayScreen({ camera, date }: DayScreenProps) {
  const messages = useMessages();
  const { byName, phase, reload } = useRegistry();
  const now = useNow();
  const known = byName.get(camera);
  const today = dateOf(now);
  if (known !== undefined) {
    const shown = date !== null && isDate(date) && date <= today ? date : today;
    return <CameraDay key={`${known.uid} ${shown}`} camera={known} date={shown} today={today} now={now} />;
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

interface CameraDayProps {
  camera: Camera;
  date: string;
  today: string;
  now: number;
}

function CameraDay({ camera, date, today, now }: CameraDayProps) {
  const messages = useMessages();
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLElement>(null);
  const [muted, setMuted] = useState(true);
  const day = useMemo(() => boundsOf(date), [date]);
  const isToday = date === today;
  const { phase, record, reload } = useDayRecord(camera.name, day);
  const player = useDayPlayer({
    video,
    camera: camera.name,
    day,
    record,
    isToday,
    online: camera.state === 'ONLINE',
  });

  return (
    <div className="day-screen">
      <DayHead camera={camera} date={date} today={today} />
      <div className="day-main">
        <Stage stage={stage} video={video} camera={camera} player={player} muted={muted} />
        <Transport
          player={player}
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
              <GapList record={record} onPick={player.playFrom} />
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
          record={record}
          now={now}
          instant={player.instant}
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

function DayHead({ camera, date, today }: Omit<CameraDayProps, 'now'>) {
  const messages = useMessages();
  const { regions } = useRegistry();
  const reason = camera.state_reason === '' ? undefined : reasonLine(camera.state_reason, messages);
  return (
    <header className="day-head">
      <a className="quiet-button" data-testid="back-to-wall" href={hrefOf({ screen: 'wall' })}>
        <Icon name="chevronLeft" size={16} /> <span className="day-back">{messages.day.back}</span>
      </a>
      <div className="day-title">
        <h1>{camera.display_name}</h1>
        <span className="day-path">{regionPath(regions, camera.region).join(' / ')}</span>
      </div>
      <span className="state-pill" data-state={camera.state.toLowerCase()} title={reason}>
        <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
        {messages.state[camera.state]}
      </span>
      <span className="topbar-space" />
      <DayPicker
        date={date}
        today={today}
        onChange={(next) => goTo({ screen: 'day', camera: camera.name, date: next === today ? null : next })}
      />
    </header>
  );
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
