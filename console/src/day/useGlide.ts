import { useCallback, useEffect, useRef, useState } from 'react';
import { Glide } from './glide';
import type { View } from './scale';

export interface Gliding {
  /** What is on screen at this moment; `resting` until somebody first moved it. */
  view: View;
  target: View;
  moving: boolean;
  chosen: boolean;
  aim: (to: View, still?: boolean) => void;
}

/** The view in motion: a zoom takes a moment, so that the eye can follow it. */
export function useGlide(resting: View): Gliding {
  const glide = useRef<Glide | null>(null);
  const frame = useRef(0);
  const [shown, setShown] = useState<{ view: View; target: View; moving: boolean } | null>(null);

  const draw = useCallback(() => {
    const held = glide.current;
    if (held === null) return;
    const step = () => {
      const now = performance.now();
      const moving = !held.isOver(now);
      setShown({ view: held.at(now), target: held.target, moving });
      if (moving) frame.current = requestAnimationFrame(step);
    };
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(step);
  }, []);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  const aim = (to: View, still = false) => {
    glide.current ??= new Glide(resting);
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    const now = performance.now();
    glide.current.aim(to, now, still || calm);
    // Told at once: who acts before the next frame aims from here on.
    setShown({ view: glide.current.at(now), target: to, moving: !glide.current.isOver(now) });
    draw();
  };
  return {
    view: shown?.view ?? resting,
    target: shown?.target ?? resting,
    moving: shown?.moving ?? false,
    chosen: shown !== null,
    aim,
  };
}
