import type { Camera } from '../api/types';
import { reasonLine } from '../cameras/reason';
import { Notice, Spinner } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import { clockOf, dateOf } from '../i18n/zone';
import type { LiveState } from '../player/LivePicture';
import { useOfflineSince } from './useOfflineSince';

/** What a tile does, by the picture and by what the registry knows of the camera. */
export type TileKind = LiveState['kind'] | 'disabled' | 'paused';

export function tileKind(camera: Camera, state: LiveState, active: boolean): TileKind {
  if (camera.state === 'DISABLED') return 'disabled';
  if (!active) return 'paused';
  // A stream without a segment yet is on its way; the platform says what else is wrong soon enough.
  if (state.kind === 'no-signal' && (state.code === 'live.no_segment' || camera.state === 'CONNECTING')) {
    return 'connecting';
  }
  return state.kind;
}

interface TileStateProps {
  camera: Camera;
  kind: TileKind;
  state: LiveState;
  /** The instant of the last picture that was shown, epoch milliseconds. */
  lastPicture: number | null;
  onAgain: () => void;
}

/** In place of a picture: what is so, why, and what can be done. */
export function TileState({ camera, kind, state, lastPicture, onAgain }: TileStateProps) {
  const { wall, common } = useMessages();
  const again = (
    <button type="button" className="button tile-again" onClick={onAgain}>
      {common.retry}
    </button>
  );
  switch (kind) {
    case 'playing':
      return null;
    case 'connecting':
      return <Spinner label={camera.state === 'CONNECTING' ? wall.connecting : wall.loading} />;
    case 'reconnecting':
      return <Spinner label={wall.reconnecting} />;
    case 'no-signal':
      return <NoSignal camera={camera} state={state} lastPicture={lastPicture} />;
    case 'disabled':
      return <Notice icon="cameraOff" title={wall.disabled} />;
    case 'paused':
      return <Notice icon="pause" title={wall.paused} />;
    case 'denied':
      return (
        <Notice icon="lock" tone="bad" title={wall.denied} hint={wall.deniedHint}>
          {again}
        </Notice>
      );
    case 'ended':
      return (
        <Notice icon="lock" tone="bad" title={wall.ended} hint={wall.endedHint}>
          {again}
        </Notice>
      );
    case 'crowded':
      return (
        <Notice icon="user" tone="warn" title={wall.crowded} hint={wall.crowdedHint}>
          {again}
        </Notice>
      );
    case 'gone':
      return <Notice icon="cameraOff" title={wall.gone} />;
    case 'unplayable': {
      if (state.kind !== 'unplayable') return null;
      const { codec } = state;
      if (state.crowded) {
        return (
          <Notice icon="film" tone="warn" title={wall.unplayable(codec)} hint={wall.noCapacityHint}>
            {again}
          </Notice>
        );
      }
      const hint = codec === 'H.265' ? wall.h265Hint : wall.unplayableHint;
      return <Notice icon="film" tone="warn" title={wall.unplayable(codec)} hint={hint} />;
    }
    case 'unsupported':
      return <Notice icon="alert" tone="bad" title={wall.noPlayer} />;
  }
}

function NoSignal({ camera, state, lastPicture }: Pick<TileStateProps, 'camera' | 'state' | 'lastPicture'>) {
  const messages = useMessages();
  const code = state.kind === 'no-signal' ? state.code : '';
  const offline = code === 'camera.offline';
  const since = useOfflineSince(camera.name, offline) ?? lastPicture;
  const detail = state.kind === 'no-signal' ? state.detail : '';
  const reason = offline ? detail : camera.state_reason || detail;
  return (
    <Notice
      icon="cameraOff"
      tone="bad"
      title={since === null ? messages.wall.noSignal : messages.wall.noSignalSince(shortTime(since))}
      hint={reason === '' ? undefined : reasonLine(reason, messages)}
    />
  );
}

/** "08:05" today, "11-22 08:05" on another day. */
function shortTime(instant: number): string {
  const clock = clockOf(instant).slice(0, 5);
  const date = dateOf(instant);
  return date === dateOf(Date.now()) ? clock : `${date.slice(5)} ${clock}`;
}
