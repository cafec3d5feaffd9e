import { rem } from './unit';

/** The mark: a snow crystal whose heart is a lens. */
export function BrandMark({ size = 28 }: { size?: number }) {
  const arms = [0, 60, 120, 180, 240, 300];
  return (
    <svg
      width={rem(size)}
      height={rem(size)}
      viewBox="0 0 64 64"
      fill="none"
      aria-hidden="true"
      className="brand-mark"
    >
      <defs>
        <linearGradient id="brand-ice" x1="12" y1="4" x2="52" y2="60" gradientUnits="userSpaceOnUse">
          <stop stopColor="#f2fbff" />
          <stop offset="0.55" stopColor="#8fdcff" />
          <stop offset="1" stopColor="#3b8df2" />
        </linearGradient>
      </defs>
      <g stroke="url(#brand-ice)" strokeLinecap="round" strokeLinejoin="round">
        {arms.map((angle) => (
          <g key={angle} transform={`rotate(${angle} 32 32)`}>
            <path d="M32 19V4.5" strokeWidth="3.6" />
            <path d="M26.2 7.8 32 13.2l5.8-5.4" strokeWidth="3" />
          </g>
        ))}
        <circle cx="32" cy="32" r="10.5" strokeWidth="3.6" />
      </g>
      <circle cx="32" cy="32" r="4.6" fill="#5cc8ff" />
      <circle cx="33.7" cy="30.3" r="1.5" fill="#fff" />
    </svg>
  );
}
