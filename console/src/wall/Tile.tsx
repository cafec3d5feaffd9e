import { useRef, useState, type DragEvent } from 'react';
import type { Camera } from '../api/types';
import { CAMERA_DRAG } from '../cameras/drag';
import { reasonLine } from '../cameras/reason';
import { IconButton, Notice, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { clockOf } from '../i18n/zone';
import type { PlayerState } from '../player/StreamPlayer';
import { Watermark } from '../player/Watermark';
import { usePageVisible } from '../player/usePageVisible';
import { goTo } from '../route';
import { useLivePicture } from './useLivePicture';

interface TileProps {
  index: number;
  /** The camera's resource name, null when the tile is empty. */
  name: string | null;
  /** What the registry knows of it; undefined when it is not visible any more. */
  camera: Camera | undefined;
  registryReady: boolean;
  selected: boolean;
  onSelect: () => void;
  onDrop: (camera: string) => void;
  onClear: () => void;
  onZoom: () => void;
}

export function Tile(props: TileProps) {
  const messages = useMessages();
  const [over, setOver] = useState(false);
  const { name, camera, index, selected } = props;

  const dropProps = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(CAMERA_DRAG)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      props.onDrop(event.dataTransfer.getData(CAMERA_DRAG));
    },
  };
  const frame = {
    className: 'tile',
    'data-testid': 'wall-tile',
    'data-index': index,
    'data-selected': selected,
    'data-over': over,
    'aria-label': `${messages.wall.tile(index + 1)}${camera ? ` ${camera.display_name}` : ''}`,
  };

  if (name === null) {
    return (
      <section {...frame} {...dropProps} data-state="empty">
        <button type="button" className="tile-empty" aria-pressed={selected} onClick={props.onSelect}>
          <Icon name="camera" size={30} />
          <span>{messages.wall.emptyTile}</span>
        </button>
      </section>
    );
  }
  if (camera === undefined) {
    return (
      <section {...frame} {...dropProps} data-state={props.registryReady ? 'gone' : 'loading'}>
        {props.registryReady ? (
          <Notice icon="cameraOff" title={messages.wall.gone}>
            <button type="button" className="button" onClick={props.onClear}>
              {messages.wall.close}
            </button>
          </Notice>
        ) : (
          <Spinner label={messages.common.loading} />
        )}
      </section>
    );
  }
  return <LiveTile key={camera.uid} {...props} frame={frame} dropProps={dropProps} camera={camera} />;
}

interface LiveTileProps extends TileProps {
  camera: Camera;
  frame: object;
  dropProps: object;
}

function LiveTile({ camera, frame, dropProps, index, selected, onSelect, onClear, onZoom }: LiveTileProps) {
  const messages = useMessages();
  const video = useRef<HTMLVideoElement>(null);
  const element = useRef<HTMLElement>(null);
  const visible = usePageVisible();
  const [muted, setMuted] = useState(true);
  const picture = useLivePicture(video, camera.name, camera.state === 'ONLINE' && visible);
  const state =
    camera.state === 'ONLINE' ? picture.state.kind : (camera.state.toLowerCase() as Lowercase<string>);
  const playing = state === 'playing';

  return (
    <section ref={element} {...frame} {...dropProps} data-state={state} data-camera={camera.name}>
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- a surveillance picture has no captions */}
      <video
        ref={video}
        className="tile-video"
        data-testid="tile-video"
        muted={muted}
        playsInline
        disablePictureInPicture
      />
      {playing ? <Watermark text={picture.watermark} /> : null}
      {playing ? null : <TileState camera={camera} state={picture.state} visible={visible} />}
      <button
        type="button"
        className="tile-cover"
        aria-label={`${messages.wall.tile(index + 1)} ${camera.display_name}`}
        aria-pressed={selected}
        onClick={onSelect}
        onDoubleClick={onZoom}
      />
      <header className="tile-head">
        {playing ? <span className="live-badge">{messages.wall.live}</span> : null}
        <span className="tile-name">{camera.display_name}</span>
        <span className="topbar-space" />
        {playing && picture.instant !== null ? (
          <time className="tile-clock">{clockOf(picture.instant)}</time>
        ) : null}
      </header>
      <footer className="tile-tools">
        <button
          type="button"
          className="tile-day"
          data-testid="open-day"
          onClick={() => goTo({ screen: 'day', camera: camera.name, date: null })}
        >
          <Icon name="timeline" size={16} /> {messages.wall.openDay}
        </button>
        <span className="topbar-space" />
        {camera.audio ? (
          <IconButton
            icon={muted ? 'muted' : 'sound'}
            label={muted ? messages.wall.unmute : messages.wall.mute}
            onClick={() => setMuted(!muted)}
          />
        ) : null}
        <IconButton
          icon="fullScreen"
          label={messages.wall.fullScreen}
          onClick={() => {
            if (element.current) void toggleFullScreen(element.current);
          }}
        />
        <IconButton icon="close" label={messages.wall.close} onClick={onClear} />
      </footer>
    </section>
  );
}

function toggleFullScreen(element: HTMLElement): Promise<void> {
  return document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen();
}

function TileState({ camera, state, visible }: { camera: Camera; state: PlayerState; visible: boolean }) {
  const messages = useMessages();
  const reason = camera.state_reason === '' ? undefined : reasonLine(camera.state_reason, messages);
  return (
    <div className="tile-state" data-kind={camera.state === 'ONLINE' ? state.kind : camera.state}>
      {camera.state === 'OFFLINE' ? (
        <Notice icon="cameraOff" tone="bad" title={messages.wall.offline} hint={reason} />
      ) : camera.state === 'DISABLED' ? (
        <Notice icon="cameraOff" title={messages.wall.disabled} />
      ) : camera.state === 'CONNECTING' ? (
        <Spinner label={messages.wall.connecting} />
      ) : visible ? (
        <PictureState state={state} />
      ) : (
        <Notice icon="pause" title={messages.wall.paused} />
      )}
    </div>
  );
}

function PictureState({ state }: { state: PlayerState }) {
  const messages = useMessages();
  switch (state.kind) {
    case 'playing':
      return null;
    case 'loading':
      return <Spinner label={messages.wall.loading} />;
    case 'reconnecting':
      return <Spinner label={messages.wall.reconnecting} />;
    case 'unplayable':
      return (
        <Notice
          icon="film"
          tone="warn"
          title={messages.wall.unplayable(state.codec)}
          hint={messages.wall.unplayableHint}
        />
      );
    case 'denied':
      return <Notice icon="lock" tone="bad" title={messages.wall.denied} />;
    case 'gone':
      return <Notice icon="cameraOff" title={messages.wall.gone} />;
    case 'unsupported':
      return <Notice icon="alert" tone="bad" title={messages.wall.noPlayer} />;
  }
}
