import Hls, { type FragmentLoaderContext, type HlsConfig, type Loader } from 'hls.js/light';

const DURATION_PRESENT = 0x100;
const DEFAULT_DURATION_PRESENT = 0x08;

/**
 * Loads key frames cut out of their fragments. Each lasts as long as a picture of the whole stream does; here it is to
 * stand until the next one, or a player meets a hole behind each.
 */
export class KeyFrameLoader extends (Hls.DefaultConfig.loader as new (
  config: HlsConfig,
) => Loader<FragmentLoaderContext>) {
  override load(...[context, config, callbacks]: Parameters<Loader<FragmentLoaderContext>['load']>): void {
    const { frag } = context;
    super.load(context, config, {
      ...callbacks,
      onSuccess: (response, stats, told, details) => {
        const timescale = frag.initSegment?.data ? timescaleOf(frag.initSegment.data) : null;
        if (frag.sn !== 'initSegment' && timescale !== null && response.data instanceof ArrayBuffer)
          stretch(new Uint8Array(response.data), Math.round(frag.duration * timescale));
        callbacks.onSuccess(response, stats, told, details);
      },
    });
  }
}

/** Gives the only sample of a fragment (ISO/IEC 14496-12, 8.8.7 and 8.8.8) another duration, in place. */
export function stretch(fragment: Uint8Array, duration: number): void {
  const view = new DataView(fragment.buffer, fragment.byteOffset, fragment.byteLength);
  for (const track of within(view, 'moof').flatMap((moof) => boxes(view, moof, 'traf'))) {
    for (const { start } of boxes(view, track, 'tfhd')) {
      const flags = view.getUint32(start) & 0xffffff;
      let at = start + 8;
      if (flags & 0x1) at += 8;
      if (flags & 0x2) at += 4;
      if (flags & DEFAULT_DURATION_PRESENT) view.setUint32(at, duration);
    }
    for (const { start } of boxes(view, track, 'trun')) {
      const flags = view.getUint32(start) & 0xffffff;
      let at = start + 8;
      if (flags & 0x1) at += 4;
      if (flags & 0x4) at += 4;
      if (flags & DURATION_PRESENT) view.setUint32(at, duration);
    }
  }
}

/** Ticks a second of the first track of an init section; null when it has none. */
export function timescaleOf(init: Uint8Array): number | null {
  const view = new DataView(init.buffer, init.byteOffset, init.byteLength);
  const [header] = within(view, 'moov')
    .flatMap((moov) => boxes(view, moov, 'trak'))
    .flatMap((track) => boxes(view, track, 'mdia'))
    .flatMap((media) => boxes(view, media, 'mdhd'));
  if (header === undefined) return null;
  const isLong = view.getUint8(header.start) === 1;
  return view.getUint32(header.start + (isLong ? 20 : 12));
}

interface Box {
  /** Of its content. */
  start: number;
  end: number;
}

function within(view: DataView, kind: string): Box[] {
  return boxes(view, { start: 0, end: view.byteLength }, kind);
}

function boxes(view: DataView, { start, end }: Box, kind: string): Box[] {
  const found: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...[4, 5, 6, 7].map((byte) => view.getUint8(at + byte)));
    if (size < 8 || at + size > end) break;
    if (name === kind) found.push({ start: at + 8, end: at + size });
    at += size;
  }
  return found;
}
