import type { FoundCamera } from '../api/discovery';
import { codecLabel } from '../cameras/codecNames';
import { reasonLine } from '../cameras/reason';
import { useMessages } from '../i18n/LocaleProvider';
import { canBeRegistered, nameOf } from './found';

interface FoundTableProps {
  cameras: readonly FoundCamera[];
  /** By address. */
  ticked: ReadonlySet<string>;
  onTick: (ticked: ReadonlySet<string>) => void;
}

export function FoundTable({ cameras, ticked, onTick }: FoundTableProps) {
  const messages = useMessages();
  const words = messages.discover;
  const possible = cameras.filter(canBeRegistered).map((camera) => camera.address);
  const tick = (address: string, on: boolean) => {
    const next = new Set(ticked);
    if (on) next.add(address);
    else next.delete(address);
    onTick(next);
  };
  const state = (camera: FoundCamera) => {
    if (camera.problem !== '') return reasonLine(camera.problem, messages);
    return camera.camera === '' ? words.isNew : words.known(camera.camera.replace(/^cameras\//, ''));
  };
  return (
    <table className="found" data-testid="discover-found">
      <thead>
        <tr>
          <th scope="col">
            <label>
              <input
                type="checkbox"
                disabled={possible.length === 0}
                checked={possible.length > 0 && possible.every((address) => ticked.has(address))}
                onChange={(event) => onTick(new Set(event.target.checked ? possible : []))}
              />
              <span className="visually-hidden found-all">{words.all}</span>
            </label>
          </th>
          {[words.name, words.address, words.model, words.picture, words.state].map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {cameras.map((camera, index) => (
          <tr key={camera.address || index}>
            <td>
              <input
                type="checkbox"
                aria-label={words.choose(nameOf(camera))}
                disabled={!canBeRegistered(camera)}
                checked={ticked.has(camera.address)}
                onChange={(event) => tick(camera.address, event.target.checked)}
              />
            </td>
            <td>
              {nameOf(camera)}
              {camera.location === '' ? null : <span className="faint"> {camera.location}</span>}
            </td>
            <td className="digits">{camera.address}</td>
            <td>{[camera.manufacturer, camera.model].filter((part) => part !== '').join(' ')}</td>
            <td className="digits">
              {camera.main_url === ''
                ? messages.common.none
                : `${codecLabel(camera.video_codec)} ${camera.width}×${camera.height}`}
              {camera.ptz ? ` ${words.ptz}` : null}
            </td>
            <td>{state(camera)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
