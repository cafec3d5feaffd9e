import { useId, useState } from 'react';
import type { Camera } from '../api/types';
import { useRegistry } from '../cameras/RegistryProvider';
import { regionPath } from '../cameras/tree';
import { Dialog } from '../design/Dialog';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';

interface CameraPickerProps {
  /** Already on the screen. */
  shown: readonly string[];
  onPick: (camera: string) => void;
}

const OFFERED = 20;

/** Adds a camera to those that are played together. */
export function CameraPicker({ shown, onPick }: CameraPickerProps) {
  const { playback } = useMessages();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="quiet-button"
        data-testid="add-beside"
        disabled={shown.length >= 4}
        title={shown.length >= 4 ? playback.full : playback.addHint}
        onClick={() => setOpen(true)}
      >
        <Icon name="plus" size={15} /> <span className="day-back">{playback.add}</span>
      </button>
      {open ? (
        <Dialog title={playback.addHint} onClose={() => setOpen(false)}>
          <Choices
            shown={shown}
            onPick={(camera) => {
              setOpen(false);
              onPick(camera);
            }}
          />
        </Dialog>
      ) : null}
    </>
  );
}

function Choices({ shown, onPick }: CameraPickerProps) {
  const { playback, tree } = useMessages();
  const { cameras, regions } = useRegistry();
  const [query, setQuery] = useState('');
  const label = useId();
  const wanted = query.trim().toLowerCase();
  const place = (camera: Camera) => regionPath(regions, camera.region).join(' / ');
  const matches = cameras
    .filter((camera) => !shown.includes(camera.name))
    .filter((camera) =>
      `${camera.display_name} ${camera.name} ${place(camera)}`.toLowerCase().includes(wanted),
    );
  return (
    <div className="picker">
      <label htmlFor={label} className="visually-hidden">
        {tree.search}
      </label>
      <input
        id={label}
        type="search"
        placeholder={tree.search}
        data-testid="beside-search"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul className="scroll" aria-label={playback.addHint}>
        {matches.slice(0, OFFERED).map((camera) => (
          <li key={camera.name}>
            <button
              type="button"
              className="picker-camera"
              data-testid="beside-camera"
              data-camera={camera.name}
              onClick={() => onPick(camera.name)}
            >
              <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
              <span>{camera.display_name}</span>
              <span className="faint">{place(camera)}</span>
            </button>
          </li>
        ))}
      </ul>
      {matches.length > OFFERED ? <p className="faint">{tree.more(matches.length - OFFERED)}</p> : null}
      {matches.length === 0 ? <p className="faint">{tree.noMatch(query)}</p> : null}
    </div>
  );
}
