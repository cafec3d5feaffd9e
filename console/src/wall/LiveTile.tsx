import { useEffect, useRef, type HTMLAttributes } from 'react';
import type { Camera } from '../api/types';
import { IconButton } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { clockOf } from '../i18n/zone';
import { usePageVisible } from '../player/usePageVisible';
import { Watermark } from '../player/Watermark';
import { goTo } from '../route';
import { toggleFullScreen, useFillsScreen } from './fullScreen';
import type { TileProps } from './Tile';
import { TileState, tileKind } from './TileState';
import { useInSight } from './useInSight';
import { useLinger } from './useLinger';
import { useLivePicture } from './useLivePicture';

interface LiveTileProps extends TileProps {
  camera: Camera;
  frame: HTMLAttributes<HTMLElement>;
}

/** How long a picture out of sight goes on, for whoever comes right back. */
const LINGER_MS = 3000;

/** A tile with a camera: its picture, or what stands in its place. */
export function LiveTile({
  camera,
  frame,
  index,
  selected,
  audible,
  place,
  small,
  ...orders
}: LiveTileProps) {
  const messages = useMessages();
  const video = useRef<HTMLVideoElement>(null);
  const element = useRef<HTMLElement>(null);
  const visible = usePageVisible();
  const inSight = useInSight(element);
  const wanted =
    visible && camera.state !== 'DISABLED' && (place === 'ready' || (inSight && place !== 'covered'));
  const active = useLinger(wanted, LINGER_MS);
  const fillsScreen = useFillsScreen(element);
  const picture = useLivePicture(video, camera.name, active, audible, {
    small: small && !fillsScreen,
    hasSub: camera.sub_source_url !== '',
  });
  const kind = tileKind(camera, picture.state, active);
  const playing = kind === 'playing';
  const { again } = picture;

  const online = camera.state === 'ONLINE';
  const waits = useRef(false);
  useEffect(() => {
    waits.current = kind === 'no-signal' || kind === 'connecting';
  });
  useEffect(() => {
    if (online && waits.current) again(); // The registry knows sooner than the next try would.
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when the camera comes back, not at each render
  }, [online]);

  return (
    <section ref={element} {...frame} data-state={kind} data-camera={camera.name}>
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- a surveillance picture has no captions */}
      <video
        ref={video}
        className="tile-video"
        data-testid="tile-video"
        muted={!audible}
        playsInline
        disablePictureInPicture
      />
      {playing ? <Watermark text={picture.watermark} /> : null}
      {/* Below the notice, whose button must be reached. */}
      <button
        type="button"
        className="tile-cover"
        data-cover={index}
        aria-label={`${messages.wall.tile(index + 1)} ${camera.display_name}`}
        aria-describedby="tile-keys"
        aria-pressed={selected}
        onClick={() => orders.onSelect(index)}
        onDoubleClick={() => orders.onEnlarge(index)}
        onKeyDown={(event) => orders.onKey(event, index, camera.name)}
      />
      {playing ? null : (
        <div className="tile-state" data-kind={kind}>
          <TileState
            camera={camera}
            kind={kind}
            state={picture.state}
            lastPicture={picture.lastPicture}
            onAgain={again}
          />
        </div>
      )}
      <header className="tile-head">
        {playing ? <span className="live-badge">{messages.wall.live}</span> : null}
        <span className="tile-name">{camera.display_name}</span>
        <span className="topbar-space" />
        {playing && picture.instant !== null ? (
          <time className="tile-clock" data-testid="tile-clock" data-instant={Math.round(picture.instant)}>
            {clockOf(picture.instant)}
          </time>
        ) : null}
      </header>
      <footer className="tile-tools">
        <button
          type="button"
          className="tile-day"
          data-testid="open-day"
          title={messages.wall.openDay}
          onClick={() => goTo({ screen: 'day', camera: camera.name, date: null })}
        >
          <Icon name="timeline" size={16} /> <span className="tile-day-words">{messages.wall.openDay}</span>
        </button>
        <span className="topbar-space" />
        {camera.audio ? (
          <IconButton
            icon={audible ? 'sound' : 'muted'}
            label={audible ? messages.wall.mute : messages.wall.unmute}
            data-testid="tile-sound"
            aria-pressed={audible}
            onClick={() => orders.onSound(audible ? null : camera.name)}
          />
        ) : null}
        <IconButton
          icon="fullScreen"
          label={messages.wall.fullScreen}
          onClick={() => void toggleFullScreen(element.current)}
        />
        <IconButton icon="close" label={messages.wall.close} onClick={() => orders.onClear(index)} />
      </footer>
    </section>
  );
}
