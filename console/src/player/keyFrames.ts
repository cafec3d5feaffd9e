import Hls, { type FragmentLoaderContext, type HlsConfig, type Loader } from 'hls.js/light';
import { boxes, videoTrack, viewOf, whole, type Box } from './boxes';

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
        const timescale = frag.initSegment?.data
          ? (videoTrack(frag.initSegment.data)?.timescale ?? null)
          : null;
        if (frag.sn !== 'initSegment' && timescale !== null && response.data instanceof ArrayBuffer)
          stretch(new Uint8Array(response.data), Math.round(frag.duration * timescale));
        callbacks.onSuccess(response, stats, told, details);
      },
    });
  }
}

/** Gives the only sample of a fragment (ISO/IEC 14496-12, 8.8.7 and 8.8.8) another duration, in place. */
export function stretch(fragment: Uint8Array, duration: number): void {
  const view = viewOf(fragment);
  for (const moof of named(view, whole(view), 'moof')) {
    for (const traf of named(view, moof, 'traf')) {
      for (const { from } of named(view, traf, 'tfhd')) {
        const flags = view.getUint32(from) & 0xffffff;
        let at = from + 8;
        if (flags & 0x1) at += 8;
        if (flags & 0x2) at += 4;
        if (flags & DEFAULT_DURATION_PRESENT) view.setUint32(at, duration);
      }
      for (const { from } of named(view, traf, 'trun')) {
        const flags = view.getUint32(from) & 0xffffff;
        let at = from + 8;
        if (flags & 0x1) at += 4;
        if (flags & 0x4) at += 4;
        if (flags & DURATION_PRESENT) view.setUint32(at, duration);
      }
    }
  }
}

function* named(view: DataView, parent: Box, type: string): Generator<Box> {
  for (const box of boxes(view, parent)) if (box.type === type) yield box;
}
