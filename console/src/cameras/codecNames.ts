const NAMES: Record<string, string> = { h264: 'H.264', h265: 'H.265', hevc: 'H.265', aac: 'AAC' };

/** What people call a codec that the platform names "h264". */
export function codecLabel(codec: string): string {
  return NAMES[codec.toLowerCase()] ?? codec.toUpperCase();
}
