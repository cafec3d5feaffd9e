import { useId, useState } from 'react';
import { useRegistry } from '../../cameras/RegistryProvider';
import { useWords } from '../words/useWords';

interface CameraPickProps {
  label: string;
  /** Resource names. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  single?: boolean;
}

const SHOWN = 8;

/** Some of thousands: by typing, with those chosen kept in sight. */
export function CameraPick({ label, chosen, onChange, single = false }: CameraPickProps) {
  const words = useWords().consent;
  const id = useId();
  const { cameras, byName } = useRegistry();
  const [wanted, setWanted] = useState('');
  const needle = wanted.trim().toLowerCase();
  const found = cameras
    .filter(
      (camera) =>
        !chosen.includes(camera.name) &&
        (camera.display_name.toLowerCase().includes(needle) || camera.name.includes(needle)),
    )
    .slice(0, SHOWN);
  const rows = [...chosen, ...(single && chosen.length > 0 ? [] : found.map((camera) => camera.name))];
  return (
    <fieldset data-testid="camera-pick">
      <legend>{label}</legend>
      <div className="field field-wide">
        <label className="visually-hidden" htmlFor={id}>
          {words.findCamera}
        </label>
        <input
          id={id}
          data-testid="camera-find"
          placeholder={words.findCamera}
          value={wanted}
          autoComplete="off"
          onChange={(event) => setWanted(event.target.value)}
        />
      </div>
      {rows.map((name) => (
        <label key={name} className="check">
          <input
            type="checkbox"
            value={name}
            checked={chosen.includes(name)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, name] : chosen.filter((each) => each !== name))
            }
          />
          {byName.get(name)?.display_name ?? name}
        </label>
      ))}
    </fieldset>
  );
}
