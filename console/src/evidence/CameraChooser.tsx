import { useId, useMemo, useState } from 'react';
import { useRegistry } from '../cameras/RegistryProvider';
import { buildTree, camerasIn, filterTree } from '../cameras/tree';
import { useNameSearch } from '../cameras/useNameSearch';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';

interface CameraChooserProps {
  names: readonly string[];
  most: number;
  error: string | undefined;
  onChange: (names: string[]) => void;
}

const OFFERED = 6;

/** The cameras of an export or a hold: those chosen, and a search for others. */
export function CameraChooser({ names, most, error, onChange }: CameraChooserProps) {
  const words = useMessages().take;
  const { regions, cameras, byName } = useRegistry();
  const { search, prepare } = useNameSearch();
  const [query, setQuery] = useState('');
  const id = useId();
  const tree = useMemo(() => buildTree(regions, cameras, ''), [regions, cameras]);
  const offered = useMemo(() => {
    if (query.trim() === '') return [];
    const found = camerasIn(filterTree(tree, query, search));
    return found.filter((camera) => !names.includes(camera.name)).slice(0, OFFERED);
  }, [tree, query, search, names]);
  const nameOf = (name: string) => byName.get(name)?.display_name ?? name;

  return (
    <div className="field field-wide chooser" data-testid="chooser">
      <label className="field-label" htmlFor={id}>
        {words.cameras}
      </label>
      <ul className="chooser-chosen">
        {names.map((name) => (
          <li key={name} data-camera={name}>
            {nameOf(name)}
            <button
              type="button"
              className="icon-button"
              aria-label={words.leaveOut(nameOf(name))}
              onClick={() => onChange(names.filter((each) => each !== name))}
            >
              <Icon name="close" size={12} />
            </button>
          </li>
        ))}
      </ul>
      {names.length < most ? (
        <input
          id={id}
          value={query}
          data-testid="chooser-search"
          placeholder={words.addCamera}
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-note`}
          autoComplete="off"
          onFocus={prepare}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            const first = offered[0];
            if (first !== undefined) {
              onChange([...names, first.name]);
              setQuery('');
            }
          }}
        />
      ) : null}
      {offered.length > 0 ? (
        <ul className="chooser-offered" aria-label={words.addCamera}>
          {offered.map((camera) => (
            <li key={camera.name}>
              <button
                type="button"
                data-camera={camera.name}
                onClick={() => {
                  onChange([...names, camera.name]);
                  setQuery('');
                }}
              >
                <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
                {camera.display_name}
                <span className="faint">{byRegion(regions, camera.region)}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <span id={`${id}-note`} className={error === undefined ? 'field-hint' : 'field-error'}>
        {error}
      </span>
    </div>
  );
}

function byRegion(regions: readonly { name: string; display_name: string }[], region: string): string {
  return regions.find((each) => each.name === region)?.display_name ?? '';
}
