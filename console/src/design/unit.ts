import { useEffect, useState } from 'react';

const ROOT_PX = 16;

/**
 * CSS pixels of one pixel of the design: 1 on a desk, more on a wall's large screen (tokens.css). What code measures
 * or paints in pixels of the design, it must divide or multiply by this; styles are made to fit in the build (rem.ts).
 */
export function unit(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / ROOT_PX;
}

/** A length of so many pixels of the design, for a style or an attribute. */
export function rem(pixels: number): string {
  return `${pixels / ROOT_PX}rem`;
}

/** The unit as it changes with the window. */
export function useUnit(): number {
  const [value, setValue] = useState(unit);
  useEffect(() => {
    const look = () => setValue(unit());
    window.addEventListener('resize', look);
    return () => window.removeEventListener('resize', look);
  }, []);
  return value;
}
