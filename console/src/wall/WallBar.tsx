import { IconButton } from '../design/controls';
import { Icon, type IconName } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { SIZES, type WallSize } from './layout';
import { PatrolBar } from './PatrolBar';
import type { PatrolControl } from './usePatrol';

const SIZE_ICONS: Record<WallSize, IconName> = {
  1: 'one',
  4: 'four',
  9: 'nine',
  16: 'sixteen',
  25: 'twentyFive',
};

interface WallBarProps {
  size: WallSize;
  patrol: PatrolControl;
  isEmpty: boolean;
  /** Null when there is nothing to fill the wall with. */
  onFill: (() => void) | null;
  onClear: () => void;
  onSize: (size: WallSize) => void;
  onDrawer: () => void;
  onLayouts: () => void;
  onPatrol: () => void;
  onFullScreen: () => void;
}

export function WallBar(props: WallBarProps) {
  const messages = useMessages();
  const { wall } = messages;
  const { patrol, isEmpty } = props;
  return (
    <div className="wall-bar">
      <button
        type="button"
        className="quiet-button drawer-toggle"
        aria-label={messages.shell.openCameras}
        onClick={props.onDrawer}
      >
        <Icon name="menu" /> {messages.shell.cameras}
      </button>
      <h1>{wall.label}</h1>
      <PatrolBar patrol={patrol} />
      <span className="topbar-space" />
      {props.onFill !== null && isEmpty && patrol.plan === null ? (
        <button type="button" className="button" data-testid="wall-fill" onClick={props.onFill}>
          <Icon name="play" size={15} /> {wall.fill}
        </button>
      ) : null}
      {patrol.plan === null ? (
        <IconButton icon="sweep" label={wall.clear} disabled={isEmpty} onClick={props.onClear} />
      ) : null}
      <IconButton
        icon="patrol"
        label={messages.patrol.title}
        data-testid="open-patrol"
        aria-pressed={patrol.plan !== null}
        onClick={props.onPatrol}
      />
      <IconButton
        icon="layouts"
        label={messages.layouts.title}
        data-testid="open-layouts"
        onClick={props.onLayouts}
      />
      <IconButton icon="fullScreen" label={wall.wallFullScreen} onClick={props.onFullScreen} />
      <span className="segmented" role="group" aria-label={wall.pictures}>
        {SIZES.map((size) => (
          <IconButton
            key={size}
            icon={SIZE_ICONS[size]}
            label={wall.layout(size)}
            data-testid={`layout-${size}`}
            aria-pressed={props.size === size}
            disabled={patrol.plan !== null}
            onClick={() => props.onSize(size)}
          />
        ))}
      </span>
    </div>
  );
}
