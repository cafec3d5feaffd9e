import { useEffect, useRef, useState } from 'react';
import type { SavedLayout } from '../api/wallLayouts';
import { CameraTree } from '../cameras/CameraTree';
import { useRegistry } from '../cameras/RegistryProvider';
import { useMessages } from '../i18n/LocaleProvider';
import { toggleFullScreen } from './fullScreen';
import {
  clearTile,
  EMPTY_LAYOUT,
  fill,
  layoutOf,
  move,
  place,
  placeNext,
  resize,
  shownCameras,
  shownTiles,
  TILES,
} from './layout';
import { LayoutsDialog } from './LayoutsDialog';
import { LiveProvider } from './LiveProvider';
import { PatrolDialog } from './PatrolDialog';
import { usePatrol } from './usePatrol';
import { useWallLayout } from './useWallLayout';
import './wall.css';
import { WallBar } from './WallBar';
import { WallGrid, type Shown } from './WallGrid';

export function WallScreen() {
  return (
    <LiveProvider>
      <Wall />
    </LiveProvider>
  );
}

function Wall() {
  const messages = useMessages();
  const registry = useRegistry();
  const [layout, change] = useWallLayout();
  const patrol = usePatrol();
  const [enlarged, setEnlarged] = useState<number | null>(null);
  const [drawerOpen, setDrawerOpen] = useState(false);
  const [dialog, setDialog] = useState<'layouts' | 'patrol' | null>(null);
  const grid = useRef<HTMLDivElement>(null);

  const turn = patrol.view;
  const shown: Shown[] = shownTiles({ ...layout, selected: turn === null ? layout.selected : 0 }).map(
    (index) => ({ index, camera: (turn === null ? layout.tiles[index] : turn.shown[index]) ?? null }),
  );
  const enlargedNow = shown.some(({ index, camera }) => index === enlarged && camera !== null)
    ? enlarged
    : null;
  const onScreen = new Set(shown.map(({ camera }) => camera));
  const online = registry.cameras.filter((camera) => camera.state === 'ONLINE').map((camera) => camera.name);
  const isEmpty = layout.tiles.every((tile) => tile === null);
  /** While a patrol shows its own groups, the wall below it stays as it is. */
  const arrange = (next: (before: typeof layout) => typeof layout) => {
    if (patrol.plan === null) change(next);
  };

  useEffect(() => {
    if (enlargedNow === null) return undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && dialog === null) setEnlarged(null);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [enlargedNow, dialog]);

  const apply = (saved: SavedLayout) => {
    const next = layoutOf(saved.tiles);
    if (next !== null) change(() => next);
    setEnlarged(null);
    setDialog(null);
    if (saved.patrol?.groups.length) patrol.start(saved.patrol);
    else patrol.stop();
  };

  return (
    <div className="wall-screen" data-drawer={drawerOpen}>
      <CameraTree
        isShown={(name) => onScreen.has(name)}
        onPick={(name) => {
          patrol.stop();
          setEnlarged(null);
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
        <WallBar
          size={layout.size}
          patrol={patrol}
          isEmpty={isEmpty}
          onFill={online.length === 0 ? null : () => change((before) => fill(before, online.slice(0, TILES)))}
          onClear={() => {
            setEnlarged(null);
            change((before) => ({ ...before, tiles: EMPTY_LAYOUT.tiles, selected: 0 }));
          }}
          onSize={(size) => {
            setEnlarged(null);
            change((before) => resize(before, size));
          }}
          onDrawer={() => setDrawerOpen(true)}
          onLayouts={() => setDialog('layouts')}
          onPatrol={() => setDialog('patrol')}
          onFullScreen={() => void toggleFullScreen(grid.current)}
        />
        <WallGrid
          grid={grid}
          size={layout.size}
          shown={shown}
          ready={turn?.ready ?? []}
          selected={layout.selected}
          enlarged={enlargedNow}
          orders={{
            onSelect: (index) => arrange((before) => ({ ...before, selected: index })),
            onDrop: (index, camera) => arrange((before) => place(before, index, camera)),
            onClear: (index) => {
              setEnlarged(null);
              arrange((before) => clearTile(before, index));
            },
            onMove: (index, columns, rows) => arrange((before) => move(before, index, columns, rows)),
            onEnlarge: (index) => {
              arrange((before) => ({ ...before, selected: index }));
              if (layout.size > 1) setEnlarged((before) => (before === index ? null : index));
            },
          }}
          onPoint={patrol.point}
        />
      </div>
      {dialog === 'layouts' ? (
        <LayoutsDialog
          current={{
            // A camera that is gone would be refused, and with it the whole layout.
            tiles: shownCameras(layout).map((name) =>
              name !== null && registry.byName.has(name) ? name : null,
            ),
            patrol: patrol.plan,
          }}
          onApply={apply}
          onClose={() => setDialog(null)}
        />
      ) : null}
      {dialog === 'patrol' ? (
        <PatrolDialog
          size={layout.size}
          onStart={(plan) => {
            setEnlarged(null);
            setDialog(null);
            patrol.start(plan);
          }}
          onClose={() => setDialog(null)}
        />
      ) : null}
    </div>
  );
}
