import { useEffect, type RefObject } from 'react';

/**
 * Tells whether the pointer is over an element, at each change.
 *
 * The page's own events are looked at, for the element's pointerleave may never come: a tile that goes while the
 * pointer rests on it takes the event with it.
 */
export function usePointing(element: RefObject<HTMLElement | null>, onPoint: (over: boolean) => void): void {
  useEffect(() => {
    let over = false;
    const tell = (now: boolean): void => {
      if (now !== over) onPoint((over = now));
    };
    const seen = ({ target }: PointerEvent): void => tell(element.current?.contains(target as Node) ?? false);
    const lifted = ({ pointerType }: PointerEvent): void => {
      if (pointerType !== 'mouse') tell(false); // a finger that is lifted points at nothing
    };
    const gone = (): void => tell(false);
    const page = document.documentElement;
    page.addEventListener('pointerover', seen);
    page.addEventListener('pointermove', seen);
    page.addEventListener('pointerup', lifted);
    page.addEventListener('pointercancel', lifted);
    page.addEventListener('pointerleave', gone);
    return () => {
      page.removeEventListener('pointerover', seen);
      page.removeEventListener('pointermove', seen);
      page.removeEventListener('pointerup', lifted);
      page.removeEventListener('pointercancel', lifted);
      page.removeEventListener('pointerleave', gone);
      tell(false);
    };
  }, [element, onPoint]);
}
