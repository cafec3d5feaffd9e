import { useEffect, useRef } from 'react';
import type { Range } from '../api/tickets';
import type { Camera } from '../api/types';
import { reasonLine } from '../cameras/reason';
import { IconButton, Notice, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import type { PlayerState } from '../player/playerState';
import { Watermark } from '../player/Watermark';
import type { Lane } from './lane';
import type { Playback } from './usePlayback';
import { useTilePicture } from './useTilePicture';

interface PlaybackTileProps {
  camera: Camera;
  day: Range;
  lane: Lane;
  playback: Playback;
  muted: boolean;
  /** The camera that the screen is about: its instant is told while live, and it cannot be taken away. */
  first: boolean;
  alone: boolean;
  onRemove: () => void;
}

/** One camera's picture, or what stands in its place. */
export function PlaybackTile(props: PlaybackTileProps) {
  const { camera, day, lane, playback, muted, first, alone, onRemove } = props;
  const messages = useMessages();
  const video = useRef<HTMLVideoElement>(null);
  const { programme, missing, paused } = playback;
  const { state, watermark } = useTilePicture(video, camera, day, lane, playback, first);
  const live = programme?.kind === 'live';
  useEffect(() => {
    if (live && paused) video.current?.pause();
  }, [live, paused]);
  const cause = missing.get(camera.name);
  const waits = live && camera.state !== 'ONLINE';
  const shown = programme !== null && !waits && cause === undefined && state.kind === 'playing';
  const told = programme === null ? 'idle' : waits ? camera.state.toLowerCase() : state.kind;
  return (
    <div
      className="playback-tile"
      data-testid="playback-tile"
      data-camera={camera.name}
      data-mode={programme?.kind ?? 'idle'}
      data-state={cause === undefined ? told : 'missing'}
    >
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- a surveillance picture has no captions */}
      <video
        ref={video}
        className="tile-video"
        data-testid={first ? 'day-video' : undefined}
        muted={muted || !first}
        playsInline
      />
      {shown ? <Watermark text={watermark} /> : null}
      {shown && state.kind === 'playing' && state.converted !== null ? (
        <p className="playback-converted" title={messages.day.convertedHint} data-testid="converted">
          {messages.day.converted(state.converted)}
        </p>
      ) : null}
      {shown ? null : (
        <div className="tile-state" data-kind={cause === undefined ? state.kind : 'missing'}>
          {programme === null ? (
            first ? (
              <Notice icon="timeline" title={messages.day.choose}>
                <button type="button" className="button button-primary" onClick={playback.togglePlay}>
                  <Icon name="play" size={15} /> {messages.day.play}
                </button>
              </Notice>
            ) : null
          ) : cause !== undefined ? (
            <Notice icon="film" tone="warn" title={messages.playback.missing(messages.causes[cause])} />
          ) : waits ? (
            <CameraState camera={camera} />
          ) : (
            <PlayState state={state} live={live} />
          )}
        </div>
      )}
      {alone ? null : (
        <div className="playback-title">
          <span>{camera.display_name}</span>
          {first ? null : (
            <IconButton
              icon="close"
              size={15}
              label={messages.playback.remove(camera.display_name)}
              onClick={onRemove}
            />
          )}
        </div>
      )}
    </div>
  );
}

function CameraState({ camera }: { camera: Camera }) {
  const messages = useMessages();
  const reason = camera.state_reason === '' ? undefined : reasonLine(camera.state_reason, messages);
  if (camera.state === 'CONNECTING') return <Spinner label={messages.wall.connecting} />;
  if (camera.state === 'DISABLED') return <Notice icon="cameraOff" title={messages.wall.disabled} />;
  return <Notice icon="cameraOff" tone="bad" title={messages.wall.offline} hint={reason} />;
}

function PlayState({ state, live }: { state: PlayerState; live: boolean }) {
  const { wall, day } = useMessages();
  switch (state.kind) {
    case 'playing':
      return null;
    case 'loading':
      return <Spinner label={live ? wall.loading : day.loading} />;
    case 'reconnecting':
      return <Spinner label={live ? wall.reconnecting : day.reconnecting} />;
    case 'unplayable':
      return (
        <Notice
          icon="film"
          tone="warn"
          title={wall.unplayable(state.codec)}
          hint={state.crowded ? day.crowdedHint : wall.unplayableHint}
        />
      );
    case 'tooFast':
      return <Notice icon="film" tone="warn" title={wall.unplayable(state.codec)} hint={day.tooFastHint} />;
    case 'denied':
      return <Notice icon="lock" tone="bad" title={live ? wall.denied : day.denied} />;
    case 'gone':
      return <Notice icon="film" tone="bad" title={live ? wall.failed : day.failed} />;
    case 'unsupported':
      return <Notice icon="alert" tone="bad" title={wall.noPlayer} />;
  }
}
