import type { RefObject } from 'react';
import { IconButton } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { dateTimeOf } from '../i18n/zone';
import type { Playback } from './usePlayback';

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];

interface TransportProps {
  player: Playback;
  /** Live is meant, and the first camera has no picture to show. */
  waitsForCamera: boolean;
  isToday: boolean;
  stage: RefObject<HTMLElement | null>;
  audio: boolean;
  muted: boolean;
  onMute: (muted: boolean) => void;
}

export function Transport({ player, waitsForCamera, isToday, stage, audio, muted, onMute }: TransportProps) {
  const messages = useMessages();
  const words = messages.day;
  const more = messages.playback;
  const { programme, instant, paused, speed } = player;
  const live = programme?.kind === 'live';
  const going = programme !== null && !paused;
  const badge = programme === null || waitsForCamera ? 'idle' : live ? 'live' : 'recorded';
  return (
    <div className="transport">
      <div className="transport-now">
        <span className="mode-badge" data-mode={badge}>
          {words[badge]}
        </span>
        <time
          className="current-instant digits"
          data-testid="current-instant"
          data-instant={instant ?? ''}
          title={words.current}
          dateTime={instant === null ? undefined : new Date(instant).toISOString()}
        >
          {instant === null ? '--:--:--' : dateTimeOf(instant)}
        </time>
      </div>
      <div className="transport-keys">
        <IconButton
          icon="previousMark"
          size={20}
          label={more.previousMark}
          data-testid="previous-mark"
          onClick={() => player.stepMark(-1)}
        />
        <IconButton icon="back10" size={24} label={words.back10} onClick={() => player.step(-10_000)} />
        <IconButton
          icon="previousFrame"
          size={20}
          label={more.previousFrame}
          data-testid="previous-frame"
          disabled={programme?.kind !== 'recorded'}
          onClick={() => player.stepFrame(-1)}
        />
        <IconButton
          icon={going ? 'pause' : 'play'}
          size={22}
          className="play-button"
          label={going ? words.pause : words.play}
          data-testid="play-pause"
          onClick={player.togglePlay}
        />
        <IconButton
          icon="nextFrame"
          size={20}
          label={more.nextFrame}
          data-testid="next-frame"
          disabled={programme?.kind !== 'recorded'}
          onClick={() => player.stepFrame(1)}
        />
        <IconButton
          icon="forward10"
          size={24}
          label={words.forward10}
          disabled={live}
          onClick={() => player.step(10_000)}
        />
        <IconButton
          icon="nextMark"
          size={20}
          label={more.nextMark}
          data-testid="next-mark"
          disabled={live}
          onClick={() => player.stepMark(1)}
        />
      </div>
      <div className="transport-side">
        <label className="speed">
          <span className="visually-hidden">{words.speed}</span>
          <select
            data-testid="speed"
            title={words.speed}
            value={speed}
            disabled={live}
            onChange={(event) => player.setSpeed(Number(event.target.value))}
          >
            {SPEEDS.map((each) => (
              <option key={each} value={each}>
                {each}×
              </option>
            ))}
          </select>
        </label>
        {audio ? (
          <IconButton
            icon={muted ? 'muted' : 'sound'}
            label={muted ? words.unmute : words.mute}
            onClick={() => onMute(!muted)}
          />
        ) : null}
        <IconButton
          icon="fullScreen"
          label={words.fullScreen}
          onClick={() => {
            const request = document.fullscreenElement
              ? document.exitFullscreen()
              : stage.current?.requestFullscreen();
            void request;
          }}
        />
        {isToday ? (
          <button
            type="button"
            className="button live-button"
            data-testid="back-to-live"
            disabled={live && !paused}
            onClick={player.goLive}
          >
            <Icon name="play" size={14} /> {words.backToLive}
          </button>
        ) : null}
      </div>
    </div>
  );
}
