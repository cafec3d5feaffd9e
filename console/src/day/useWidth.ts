import { useEffect, useState, type RefObject } from 'react';
import { unit } from '../design/unit';

/** Width of an element in pixels of the design, 0 until it is laid out. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.floor((entry?.contentRect.width ?? 0) / unit())),
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
