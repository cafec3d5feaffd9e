import 'react';

declare module 'react' {
  interface CSSProperties {
    /** How deep a row of the camera tree is indented. */
    '--depth'?: number;
    /** Colour of a gap's cause. */
    '--cause'?: string;
    /** How many tiles lie side by side on the wall. */
    '--columns'?: number;
  }
}
