import type { Locale } from './locale';

/** 3_725_000 ms -> "1小时 02分" / "1 h 02 min"; below an hour in minutes and seconds. */
export function formatDuration(milliseconds: number, locale: Locale): string {
  const units = locale === 'zh-CN' ? ['小时', '分', '秒'] : [' h', ' min', ' s'];
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (hours > 0) return `${hours}${units[0]} ${String(minutes).padStart(2, '0')}${units[1]}`;
  if (minutes > 0) return `${minutes}${units[1]} ${String(seconds % 60).padStart(2, '0')}${units[2]}`;
  return `${seconds}${units[2]}`;
}

/** 2_130_000 -> "2.1 Mb/s". */
export function formatBitRate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s`;
  return `${Math.round(bitsPerSecond / 1e3)} kb/s`;
}

/** 0.99996 -> "99.99 %": rounded down, so that 100 % means nothing is missing. */
export function formatRatio(ratio: number): string {
  return `${(Math.floor(ratio * 10000) / 100).toFixed(ratio >= 1 ? 0 : 2)} %`;
}

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
