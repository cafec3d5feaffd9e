import { describe, expect, it } from 'vitest';
import { inRem } from '../rem';

describe('pixels of a style sheet', () => {
  it('become shares of the root font', () => {
    expect(inRem('14px')).toBe('0.875rem');
    expect(inRem('min(760px, calc(100vw - 24px))')).toBe('min(47.5rem, calc(100vw - 1.5rem))');
    expect(inRem('0 -1px .5px rgb(0 0 0 / 50%)')).toBe('0 -0.0625rem 0.03125rem rgb(0 0 0 / 50%)');
    expect(inRem('0px')).toBe('0');
  });

  it('are told from what only looks like them', () => {
    for (const text of ['1fr 2em', 'var(--gap-2px)', 'url(a12px.svg)', '#12px'])
      expect(inRem(text)).toBe(text);
  });
});
