import { ErrorDetails, type ErrorData, type Level } from 'hls.js/light';
import { codecName } from './codecs';

/** hls.js says that this browser cannot decode what it is given. */
export function isCodecError(data: ErrorData): boolean {
  return (
    data.details === ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
    data.details === ErrorDetails.BUFFER_ADD_CODEC_ERROR ||
    data.details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR
  );
}

/** What it cannot decode, by its common name. */
export function codecAt(data: ErrorData, level: Level | undefined): string {
  return codecName(data.mimeType ?? level?.attrs.CODECS ?? level?.videoCodec ?? 'H.265');
}
