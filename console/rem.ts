/** The part of PostCSS's plugins that this one is. */
interface Rule {
  prop?: string;
  value?: string;
  params?: string;
}

const PIXELS = /(?<![\w.#-])(-?\d*\.?\d+)px\b/g;
const ROOT_PX = 16;

export function inRem(text: string): string {
  return text.replace(PIXELS, (_, pixels: string) => {
    const length = Number((Number(pixels) / ROOT_PX).toFixed(5));
    return length === 0 ? '0' : `${length}rem`;
  });
}

/**
 * Style sheets say px, the browser reads rem: all sizes grow with the root's font, which grows with the screen
 * (src/design/tokens.css). Media queries keep their px: they ask for the screen, and there a rem never changes.
 */
export function pixelsToRem() {
  return {
    postcssPlugin: 'pixels-to-rem',
    Declaration(declaration: Rule & { value: string }) {
      const value = inRem(declaration.value);
      if (value !== declaration.value) declaration.value = value;
    },
    AtRule: {
      container(rule: Rule & { params: string }) {
        const params = inRem(rule.params);
        if (params !== rule.params) rule.params = params;
      },
    },
  };
}
