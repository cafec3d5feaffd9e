import { useState } from 'react';
import { CameraTree } from '../cameras/CameraTree';
import { useRegistry } from '../cameras/RegistryProvider';
import { IconButton } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { clearTile, fill, place, placeNext, shownTiles, TILES } from './layout';
import { Tile } from './Tile';
import { useWallLayout } from './useWallLayout';
import './wall.css';

export function WallScreen() {
  const messages = useMessages();
  const registry = useRegistry();
  const [layout, change] = useWallLayout();
  const [drawerOpen, setDrawerOpen] = useState(false);
  const shown = new Set(shownTiles(layout).map((index) => layout.tiles[index]));
  const online = registry.cameras.filter((camera) => camera.state === 'ONLINE').map((camera) => camera.name);
  const isEmpty = layout.tiles.every((tile) => tile === null);

  return (
    <div className="wall-screen" data-drawer={drawerOpen}>
      <CameraTree
        isShown={(name) => shown.has(name)}
        onPick={(name) => {
          change((before) => placeNext(before, name));
          setDrawerOpen(false);
        }}
      />
      <button
        type="button"
        className="drawer-shade"
        tabIndex={-1}
        aria-label={messages.common.close}
        onClick={() => setDrawerOpen(false)}
      />
      <div className="wall">
        <div className="wall-bar">
          <button
            type="button"
            className="quiet-button drawer-toggle"
            aria-label={messages.shell.openCameras}
            onClick={() => setDrawerOpen(true)}
          >
            <Icon name="menu" /> {messages.shell.cameras}
          </button>
          <h1>{messages.wall.label}</h1>
          <span className="topbar-space" />
          {isEmpty && online.length > 0 ? (
            <button
              type="button"
              className="button"
              data-testid="wall-fill"
              onClick={() => change((before) => fill(before, online.slice(0, TILES)))}
            >
              <Icon name="play" size={15} /> {messages.wall.fill}
            </button>
          ) : null}
          <IconButton
            icon="sweep"
            label={messages.wall.clear}
            disabled={isEmpty}
            onClick={() =>
              change((before) => ({ ...before, tiles: before.tiles.map(() => null), selected: 0 }))
            }
          />
          <span className="segmented" role="group" aria-label={messages.wall.label}>
            <IconButton
              icon="one"
              label={messages.wall.layout1}
              data-testid="layout-1"
              aria-pressed={layout.size === 1}
              onClick={() => change((before) => ({ ...before, size: 1 }))}
            />
            <IconButton
              icon="four"
              label={messages.wall.layout4}
              data-testid="layout-4"
              aria-pressed={layout.size === 4}
              onClick={() => change((before) => ({ ...before, size: 4 }))}
            />
          </span>
        </div>
        <div className="wall-grid" data-size={layout.size}>
          {shownTiles(layout).map((index) => {
            const name = layout.tiles[index] ?? null;
            return (
              <Tile
                key={index}
                index={index}
                name={name}
                camera={name === null ? undefined : registry.byName.get(name)}
                registryReady={registry.phase === 'ready'}
                selected={layout.selected === index}
                onSelect={() => change((before) => ({ ...before, selected: index }))}
                onDrop={(camera) => change((before) => place(before, index, camera))}
                onClear={() => change((before) => clearTile(before, index))}
                onZoom={() =>
                  change((before) => ({ ...before, selected: index, size: before.size === 1 ? 4 : 1 }))
                }
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
