import type { ReactNode } from 'react';
import { rem } from './unit';

/** Line icons on a 24 grid; decoration only, the control around them carries the label. */
const SHAPES = {
  play: <path d="M8 5.5v13l10.5-6.5z" fill="currentColor" />,
  pause: <path d="M8 5.5v13M16 5.5v13" strokeWidth="3" />,
  back10: (
    <>
      <path d="M4.5 12a7.5 7.5 0 1 0 2.6-5.7" />
      <path d="M7.5 2.5v4h4" />
      <text x="12.2" y="15.2" fontSize="8.5">
        10
      </text>
    </>
  ),
  forward10: (
    <>
      <path d="M19.5 12a7.5 7.5 0 1 1-2.6-5.7" />
      <path d="M16.5 2.5v4h-4" />
      <text x="11.8" y="15.2" fontSize="8.5">
        10
      </text>
    </>
  ),
  sound: <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11" />,
  muted: <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5" />,
  fullScreen: <path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5" />,
  close: <path d="M6 6l12 12M18 6 6 18" />,
  one: <rect x="4" y="5" width="16" height="14" rx="1.5" />,
  four: (
    <path d="M5.5 5h13A1.5 1.5 0 0 1 20 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5v-11A1.5 1.5 0 0 1 5.5 5zM12 5v14M4 12h16" />
  ),
  nine: <path d="M4 5h16v14H4zM9.3 5v14M14.7 5v14M4 9.7h16M4 14.3h16" />,
  sixteen: <path d="M4 5h16v14H4zM8 5v14M12 5v14M16 5v14M4 8.5h16M4 12h16M4 15.5h16" strokeWidth="1.4" />,
  twentyFive: (
    <path
      d="M4 5h16v14H4zM7.2 5v14M10.4 5v14M13.6 5v14M16.8 5v14M4 7.8h16M4 10.6h16M4 13.4h16M4 16.2h16"
      strokeWidth="1.1"
    />
  ),
  layouts: <path d="M4 6.5h9v7H4zM16 6.5h4M16 10h4M16 13.5h4M4 17.5h16" />,
  patrol: <path d="M4 5h10v7H4zM17 8.5h3V17H9M12 14l-3 3 3 3" />,
  save: <path d="M5 5h11l3 3v11H5zM8.5 5v4.5h6V5M8.5 19v-5.5h7V19" />,
  camera: <path d="M3.5 8.5h11v7h-11zM14.5 11l6-3v8l-6-3zM6 18.5h6" />,
  cameraOff: <path d="M3.5 8.5H6m4 0h4.5V13M14.5 15.5h-11v-7M14.5 11l6-3v8l-4-2M4 4l16 16" />,
  calendar: <path d="M5 6h14v13.5H5zM5 10h14M8.5 3.5V7M15.5 3.5V7" />,
  timeline: <path d="M4.5 12a7.5 7.5 0 1 0 2.6-5.7M7.5 2.5v4h4M12 8v4.5l3 2" />,
  search: <path d="M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5" />,
  chevronRight: <path d="M9.5 6l6 6-6 6" />,
  chevronLeft: <path d="M14.5 6l-6 6 6 6" />,
  chevronDown: <path d="M6 9.5l6 6 6-6" />,
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  edit: <path d="M5 19h3.5L19 8.5 15.5 5 5 15.5zM13.5 7l3.5 3.5" />,
  trash: <path d="M5 7h14M9.5 7V4.5h5V7M7 7l1 12.5h8L17 7M10.5 10.5v6M13.5 10.5v6" />,
  alert: <path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.3" />,
  link: (
    <path d="M5 12.5a10 10 0 0 1 14 0M8 15.5a5.8 5.8 0 0 1 8 0M12 19v.2M2.5 9a14 14 0 0 1 19 0M4 4l16 16" />
  ),
  lock: <path d="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2" />,
  film: <path d="M4 5h16v14H4zM8 5v14M16 5v14M4 9.5h4M4 14.5h4M16 9.5h4M16 14.5h4" />,
  user: (
    <path d="M12 4.5a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6zM4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5" />
  ),
  globe: (
    <path d="M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17" />
  ),
  menu: <path d="M4 6.5h16M4 12h16M4 17.5h16" />,
  signOut: <path d="M14 5H5v14h9M10 12h10M16.5 8.5 20 12l-3.5 3.5" />,
  eye: (
    <path d="M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z" />
  ),
  sweep: <path d="M4 7h10M4 12h7M4 17h5M15 12l5 5M20 12l-5 5" />,
  previousFrame: <path d="M15 5.5v13L6.5 12zM18 5.5v13" />,
  nextFrame: <path d="M9 5.5v13l8.5-6.5zM6 5.5v13" />,
  previousMark: <path d="M12 6l-6 6 6 6M18.5 8.5 15 12l3.5 3.5L22 12z" fill="none" />,
  nextMark: <path d="M12 6l6 6-6 6M5.5 8.5 9 12l-3.5 3.5L2 12z" fill="none" />,
  chart: <path d="M4.5 4v15.5H20M8.5 16v-4M12.5 16V8M16.5 16v-6" />,
  grid: <path d="M4 4.5h6.5v6.5H4zM13.5 4.5H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z" />,
  star: <path d="M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7l5.6-.7z" />,
  starred: (
    <path d="M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7l5.6-.7z" fill="currentColor" />
  ),
  map: <path d="M3.5 6.5 9 4.5l6 2 5.5-2v13l-5.5 2-6-2-5.5 2zM9 4.5v13M15 6.5v13" />,
  pin: (
    <path d="M12 21s6.5-6.2 6.5-11a6.5 6.5 0 0 0-13 0c0 4.8 6.5 11 6.5 11zM12 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z" />
  ),
  lasso: (
    <path d="M12 4.5c4.7 0 8.5 2.4 8.5 5.5s-3.8 5.5-8.5 5.5S3.5 13.1 3.5 10 7.300 4.5 12 4.5zM7 14.5c-1.5 1-1.5 3 .5 3.5s2 2-.5 2.5" />
  ),
  move: (
    <path d="M12 3.5v17M3.5 12h17M9.5 6 12 3.5 14.5 6M9.5 18l2.5 2.5 2.5-2.5M6 9.5 3.5 12 6 14.5M18 9.5l2.5 2.5-2.5 2.5" />
  ),
  target: (
    <path d="M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3" />
  ),
  take: <path d="M12 4v10.5M7.5 10.5 12 15l4.5-4.5M5 19.5h14" />,
  hold: <path d="M5.5 5h13v14h-13zM12 8.5v4.5M9 13h6M12 13v3" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={rem(size)}
      height={rem(size)}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {SHAPES[name]}
    </svg>
  );
}
