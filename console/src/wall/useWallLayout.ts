import { useEffect, useState } from 'react';
import { usePrincipal } from '../session/SessionProvider';
import { parseLayout, type WallLayout } from './layout';

/** The wall as this person left it in this browser. */
export function useWallLayout(): [WallLayout, (change: (layout: WallLayout) => WallLayout) => void] {
  const key = `snowlight.wall.${usePrincipal().name}`;
  const [layout, setLayout] = useState(() => parseLayout(localStorage.getItem(key)));
  useEffect(() => localStorage.setItem(key, JSON.stringify(layout)), [key, layout]);
  return [layout, setLayout];
}
