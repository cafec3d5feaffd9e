/** What a person calls the video codec of an RFC 6381 string or a MIME type, "hvc1.1.6.L93.B0" -> "H.265". */
export function codecName(codecs: string): string {
  if (/\b(hvc1|hev1)\b/i.test(codecs)) return 'H.265';
  if (/\b(avc1|avc3)\b/i.test(codecs)) return 'H.264';
  if (/\bav01\b/i.test(codecs)) return 'AV1';
  return codecs;
}
