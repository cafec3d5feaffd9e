/** What a person calls the codec of an RFC 6381 string, "hvc1.1.6.L93.B0" -> "H.265". */
export function codecName(codecs: string): string {
  const video = codecs
    .split(',')
    .map((codec) => codec.trim())
    .find((codec) => /^(avc|hvc|hev|av01|vp09|svac)/i.test(codec));
  if (video === undefined) return codecs;
  if (/^(hvc|hev)/i.test(video)) return 'H.265';
  if (/^avc/i.test(video)) return 'H.264';
  if (/^av01/i.test(video)) return 'AV1';
  return video;
}
