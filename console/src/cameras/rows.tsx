import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { goTo } from '../route';
import { CAMERA_DRAG } from './drag';
import { reasonLine } from './reason';
import { StarButton } from './StarButton';
import type { TreeRow } from './tree';

interface RegionRowProps {
  row: Extract<TreeRow, { kind: 'region' }>;
  isTabStop: boolean;
  /** Where the virtual list puts the row, px from its top. */
  top: number;
  onToggle: () => void;
}

// Keys are handled by the tree around the rows, as the ARIA tree pattern asks.
/* eslint-disable jsx-a11y/click-events-have-key-events */

export function RegionRow({ row, isTabStop, top, onToggle }: RegionRowProps) {
  const messages = useMessages();
  const { region, online, total } = row.node;
  const counts = messages.tree.onlineOf(online, total);
  return (
    <div
      className="tree-row tree-region"
      role="treeitem"
      aria-selected={false}
      aria-level={row.depth + 1}
      aria-setsize={row.of}
      aria-posinset={row.at}
      aria-expanded={row.expanded}
      aria-label={`${region.display_name} ${online}/${total}, ${counts}`}
      data-row={row.key}
      data-region={region.name}
      data-level={region.level}
      tabIndex={isTabStop ? 0 : -1}
      style={{ '--depth': row.depth, transform: `translateY(${top}px)` }}
      onClick={onToggle}
    >
      <span className="tree-fold" data-open={row.expanded}>
        <Icon name="chevronRight" size={14} />
      </span>
      <span className="tree-name">{region.display_name}</span>
      <span className="tree-count" aria-hidden="true" title={counts} data-all={online === total}>
        <b>{online}</b>/{total}
      </span>
    </div>
  );
}

interface CameraRowProps {
  row: Extract<TreeRow, { kind: 'camera' }>;
  isTabStop: boolean;
  top: number;
  isShown: boolean;
  onPick: () => void;
}

export function CameraRow({ row, isTabStop, top, isShown, onPick }: CameraRowProps) {
  const messages = useMessages();
  const { camera } = row;
  const name = camera.display_name || camera.name;
  const state = messages.state[camera.state];
  const reason = camera.state_reason === '' ? '' : `: ${reasonLine(camera.state_reason, messages)}`;
  return (
    <div
      className="tree-row tree-camera"
      role="treeitem"
      aria-selected={isShown}
      aria-level={row.depth + 1}
      aria-setsize={row.of}
      aria-posinset={row.at}
      aria-label={`${name} ${state}${reason}`}
      title={`${name}\n${state}${reason}`}
      data-testid="camera-item"
      data-row={row.key}
      data-camera={camera.name}
      data-state={camera.state.toLowerCase()}
      tabIndex={isTabStop ? 0 : -1}
      style={{ '--depth': row.depth, transform: `translateY(${top}px)` }}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(CAMERA_DRAG, camera.name);
        event.dataTransfer.effectAllowed = 'copy';
      }}
      onClick={onPick}
    >
      <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
      <span className="tree-name">{name}</span>
      {camera.state === 'ONLINE' ? null : <span className="tree-state"> {state}</span>}
      <StarButton camera={camera.name} name={name} tabIndex={-1} />
      <button
        type="button"
        className="icon-button tree-day"
        tabIndex={-1}
        aria-label={messages.tree.openDay(name)}
        title={messages.wall.openDay}
        data-testid="camera-item-day"
        onClick={(event) => {
          event.stopPropagation();
          goTo({ screen: 'day', camera: camera.name, date: null });
        }}
      >
        <Icon name="timeline" size={16} />
      </button>
    </div>
  );
}
