import { CAMERA_DRAG } from '../cameras/drag';
import { reasonLine } from '../cameras/reason';
import { useRegistry } from '../cameras/RegistryProvider';
import { StarButton } from '../cameras/StarButton';
import { regionPath } from '../cameras/tree';
import { IconButton } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { hrefOf } from '../route';
import type { Place } from './map/geo';

interface PickedCamerasProps {
  names: string[];
  onClose: () => void;
  onAround: (centre: Place) => void;
}

/** What was clicked on the map: one camera, or those of one mast. */
export function PickedCameras({ names, onClose, onAround }: PickedCamerasProps) {
  const messages = useMessages();
  const { byName, regions } = useRegistry();
  const cameras = names.flatMap((name) => byName.get(name) ?? []);
  return (
    <section className="picked" data-testid="picked" aria-label={messages.take.picked}>
      <IconButton className="picked-close" icon="close" label={messages.common.close} onClick={onClose} />
      {cameras.map((camera) => (
        <article
          key={camera.name}
          data-camera={camera.name}
          draggable
          onDragStart={(event) => event.dataTransfer.setData(CAMERA_DRAG, camera.name)}
        >
          <h2>{camera.display_name}</h2>
          <p className="faint">{regionPath(regions, camera.region).join(' / ')}</p>
          <p>
            <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />{' '}
            {messages.state[camera.state]}
            {camera.state_reason === '' ? null : (
              <span className="faint"> · {reasonLine(camera.state_reason, messages)}</span>
            )}
          </p>
          <div className="picked-actions">
            <a
              className="button"
              data-testid="picked-day"
              href={hrefOf({ screen: 'day', camera: camera.name, date: null })}
            >
              <Icon name="timeline" size={16} /> {messages.wall.openDay}
            </a>
            {camera.location ? (
              <button
                type="button"
                className="button"
                data-testid="picked-around"
                onClick={() => camera.location && onAround(camera.location)}
              >
                <Icon name="target" size={16} /> {messages.take.around}
              </button>
            ) : null}
            <StarButton camera={camera.name} name={camera.display_name} />
          </div>
        </article>
      ))}
    </section>
  );
}
