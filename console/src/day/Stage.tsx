import type { RefObject } from 'react';
import type { Camera } from '../api/types';
import { reasonLine } from '../cameras/reason';
import { Notice, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';
import { clockOf } from '../i18n/zone';
import type { PlayerState } from '../player/StreamPlayer';
import { Watermark } from '../player/Watermark';
import type { DayPlayer, PlayNotice } from './useDayPlayer';

interface StageProps {
  stage: RefObject<HTMLElement | null>;
  video: RefObject<HTMLVideoElement | null>;
  camera: Camera;
  player: DayPlayer;
  muted: boolean;
}

/** The picture, or what stands in its place. */
export function Stage({ stage, video, camera, player, muted }: StageProps) {
  const messages = useMessages();
  const { programme, state, notice, waitsForCamera } = player;
  const shown = programme !== null && !waitsForCamera && state.kind === 'playing';
  return (
    <section
      ref={stage}
      className="stage"
      data-testid="day-stage"
      data-mode={programme?.kind ?? 'idle'}
      data-state={waitsForCamera ? camera.state.toLowerCase() : programme === null ? 'idle' : state.kind}
    >
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- a surveillance picture has no captions */}
      <video ref={video} className="tile-video" data-testid="day-video" muted={muted} playsInline />
      {shown ? <Watermark text={player.watermark} /> : null}
      {shown ? null : (
        <div className="tile-state" data-kind={state.kind}>
          {programme === null ? (
            <Notice icon="timeline" title={messages.day.choose}>
              <button type="button" className="button button-primary" onClick={player.togglePlay}>
                <Icon name="play" size={15} /> {messages.day.play}
              </button>
            </Notice>
          ) : waitsForCamera ? (
            <CameraState camera={camera} />
          ) : (
            <PlayState state={state} live={programme.kind === 'live'} />
          )}
        </div>
      )}
      <p className="stage-notice" role="status">
        {notice ? <span>{noticeText(notice, messages)}</span> : null}
      </p>
    </section>
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
    case 'ended':
      return null;
    case 'loading':
      return <Spinner label={live ? wall.loading : day.loading} />;
    case 'reconnecting':
      return <Spinner label={live ? wall.reconnecting : day.reconnecting} />;
    case 'unplayable':
      return (
        <Notice icon="film" tone="warn" title={wall.unplayable(state.codec)} hint={wall.unplayableHint} />
      );
    case 'denied':
      return <Notice icon="lock" tone="bad" title={live ? wall.denied : day.denied} />;
    case 'gone':
      return <Notice icon="film" tone="bad" title={live ? wall.failed : day.failed} />;
    case 'unsupported':
      return <Notice icon="alert" tone="bad" title={wall.noPlayer} />;
  }
}

function noticeText(notice: PlayNotice, messages: Messages): string {
  if (notice.kind === 'skipped')
    return messages.day.skipped(clockOf(notice.asked), messages.causes[notice.cause]);
  return messages.day[notice.kind];
}
