import { useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useRegistry } from '../cameras/RegistryProvider';
import { useMessages } from '../i18n/LocaleProvider';
import { toggleFullScreen } from './fullScreen';
import { neighbour, type WallSize } from './layout';
import type { TileOrders } from './orders';
import { Tile, type TileProps } from './Tile';
import { usePointing } from './usePointing';

/** A tile of the wall as it is now: its place in the grid, and its camera. */
export interface Shown {
  index: number;
  camera: string | null;
}

interface WallGridProps {
  grid: RefObject<HTMLDivElement | null>;
  size: WallSize;
  shown: readonly Shown[];
  /** Cameras whose turn comes: their pictures are made ready, unseen. */
  ready: readonly string[];
  selected: number;
  /** The index of the tile that fills the wall, null when none does. */
  enlarged: number | null;
  orders: Pick<TileOrders, 'onSelect' | 'onDrop' | 'onClear' | 'onEnlarge'> & {
    onMove: (index: number, columns: number, rows: number) => void;
  };
  onPoint: (over: boolean) => void;
}

const ARROWS: Record<string, [columns: number, rows: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The tiles. Each keeps its place in the page by its camera, so that a picture that moves or grows plays on. */
export function WallGrid(props: WallGridProps) {
  const { grid, size, shown, ready, selected, enlarged, orders } = props;
  const messages = useMessages();
  const registry = useRegistry();
  const [sound, setSound] = useState<string | null>(null);
  const focusNext = useRef<number | null>(null);
  usePointing(grid, props.onPoint);

  const focus = (index: number) => {
    // After the tiles have changed places.
    focusNext.current = index;
    requestAnimationFrame(() => {
      grid.current?.querySelector<HTMLElement>(`[data-cover="${focusNext.current}"]`)?.focus();
    });
  };

  const onKey = (event: KeyboardEvent<HTMLElement>, index: number, camera: string | null) => {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) {
      const next = neighbour(size, index, ...arrow);
      if (next === null || enlarged !== null) return;
      if (event.shiftKey) orders.onMove(index, ...arrow);
      focus(next);
    } else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === 'Enter' && camera !== null) orders.onEnlarge(index);
    else if (event.key === 'Escape' && enlarged !== null) orders.onEnlarge(index);
    else if (event.key === 'Delete' && camera !== null) orders.onClear(index);
    else if (event.key === 'm' && camera !== null) setSound(sound === camera ? null : camera);
    else if (event.key === 'f') void toggleFullScreen(event.currentTarget.closest('section'));
    else return;
    event.preventDefault();
  };

  const tile = (index: number, camera: string | null, place: TileProps['place']) => (
    <Tile
      {...orders}
      key={camera ?? `empty-${index}`}
      index={index}
      name={camera}
      camera={camera === null ? undefined : registry.byName.get(camera)}
      registryReady={registry.phase === 'ready'}
      selected={selected === index && place !== 'ready'}
      place={place}
      small={size > 1 && place !== 'enlarged'}
      style={place === 'shown' || place === 'covered' ? areaOf(size, index) : {}}
      audible={sound !== null && sound === camera && place !== 'ready'}
      onSound={setSound}
      onKey={onKey}
    />
  );
  const onScreen = new Set(shown.map(({ camera }) => camera));
  // One list, so that a tile whose turn comes stays the same to React, and its picture plays on.
  const tiles = [
    ...shown.map(({ index, camera }) =>
      tile(index, camera, enlarged === null ? 'shown' : enlarged === index ? 'enlarged' : 'covered'),
    ),
    ...ready.filter((camera) => !onScreen.has(camera)).map((camera, index) => tile(index, camera, 'ready')),
  ];

  return (
    <div
      ref={grid}
      className="wall-grid"
      data-testid="wall-grid"
      data-size={size}
      data-enlarged={enlarged !== null}
      style={{ '--columns': Math.sqrt(size) }}
    >
      <p id="tile-keys" className="visually-hidden">
        {messages.wall.keys}
      </p>
      {tiles}
    </div>
  );
}

function areaOf(size: WallSize, index: number): { gridArea: string } | object {
  if (size === 1) return {};
  const columns = Math.sqrt(size);
  return { gridArea: `${Math.floor(index / columns) + 1} / ${(index % columns) + 1}` };
}
