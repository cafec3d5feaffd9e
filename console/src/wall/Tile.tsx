import { useState, type CSSProperties, type DragEvent } from 'react';
import type { Camera } from '../api/types';
import { CAMERA_DRAG } from '../cameras/drag';
import { Notice, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { LiveTile } from './LiveTile';
import type { TileOrders } from './orders';

export interface TileProps extends TileOrders {
  index: number;
  /** The camera's resource name, null when the tile is empty. */
  name: string | null;
  /** What the registry knows of it; undefined when it is not visible any more. */
  camera: Camera | undefined;
  registryReady: boolean;
  selected: boolean;
  /** shown; covered by an enlarged one; or out of sight, being made ready for its turn. */
  place: 'shown' | 'covered' | 'enlarged' | 'ready';
  /** Shown among others, so that the camera's small picture will do. */
  small: boolean;
  style: CSSProperties;
  audible: boolean;
}

export function Tile(props: TileProps) {
  const messages = useMessages();
  const [over, setOver] = useState(false);
  const { name, camera, index, selected } = props;

  const frame = {
    className: 'tile',
    'data-testid': 'wall-tile',
    'data-index': index,
    'data-selected': selected,
    'data-over': over,
    'data-place': props.place,
    style: props.style,
    'aria-label': `${messages.wall.tile(index + 1)}${camera ? ` ${camera.display_name}` : ''}`,
    draggable: name !== null,
    onDragStart: (event: DragEvent) => {
      if (name === null) return;
      event.dataTransfer.setData(CAMERA_DRAG, name);
      event.dataTransfer.effectAllowed = 'copyMove';
    },
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes(CAMERA_DRAG)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      props.onDrop(index, event.dataTransfer.getData(CAMERA_DRAG));
    },
  };

  if (name === null) {
    return (
      <section {...frame} data-state="empty">
        <button
          type="button"
          className="tile-empty"
          data-cover={index}
          aria-pressed={selected}
          onClick={() => props.onSelect(index)}
          onKeyDown={(event) => props.onKey(event, index, name)}
        >
          <Icon name="camera" size={26} />
          <span className="tile-empty-words">{messages.wall.emptyTile}</span>
        </button>
      </section>
    );
  }
  if (camera === undefined) {
    return (
      <section {...frame} data-state={props.registryReady ? 'gone' : 'loading'}>
        {props.registryReady ? (
          <Notice icon="cameraOff" title={messages.wall.gone}>
            <button type="button" className="button" onClick={() => props.onClear(index)}>
              {messages.wall.close}
            </button>
          </Notice>
        ) : (
          <Spinner label={messages.common.loading} />
        )}
      </section>
    );
  }
  return <LiveTile key={camera.uid} {...props} frame={frame} camera={camera} />;
}
