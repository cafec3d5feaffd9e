const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** 1_500_000_000 -> "1.5 GB", in powers of a thousand as disks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
