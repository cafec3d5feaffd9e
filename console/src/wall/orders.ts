import type { KeyboardEvent } from 'react';

/** What a person does to a tile, by its index. */
export interface TileOrders {
  onSelect: (index: number) => void;
  onDrop: (index: number, camera: string) => void;
  onClear: (index: number) => void;
  onEnlarge: (index: number) => void;
  onSound: (camera: string | null) => void;
  onKey: (event: KeyboardEvent<HTMLElement>, index: number, camera: string | null) => void;
}
