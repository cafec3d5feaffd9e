import { useEffect, useState, type RefObject } from 'react';

/** Fills the screen with an element, or leaves the full screen. A browser that refuses leaves all as it is. */
export async function toggleFullScreen(element: HTMLElement | null): Promise<void> {
  try {
    if (document.fullscreenElement !== null) await document.exitFullscreen();
    else await element?.requestFullscreen();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
}

/** Whether an element fills the screen now. */
export function useFillsScreen(element: RefObject<HTMLElement | null>): boolean {
  const [fills, setFills] = useState(false);
  useEffect(() => {
    const look = (): void =>
      setFills(document.fullscreenElement !== null && document.fullscreenElement === element.current);
    document.addEventListener('fullscreenchange', look);
    return () => document.removeEventListener('fullscreenchange', look);
  }, [element]);
  return fills;
}
