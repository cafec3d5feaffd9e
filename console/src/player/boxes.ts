/** What of ISO/IEC 14496-12 the players need: boxes, and when a fragment plays. */

export interface VideoTrack {
  id: number;
  /** Units of a second in which the track counts. */
  timescale: number;
}

export interface FragmentTimes {
  /** Decode time of the first sample (`tfdt`, 8.8.12), seconds. */
  start: number;
  /** Wall time of media position 0 of this track, epoch milliseconds, by `prft` (8.16.5); null without one. */
  epoch: number | null;
}

export interface Box {
  type: string;
  /** Offsets of what is in the box. */
  from: number;
  to: number;
}

const NTP_TO_UNIX_S = 2_208_988_800;

/** The video track of an init section; null when there is none or the section is damaged. */
export function videoTrack(init: Uint8Array): VideoTrack | null {
  const view = viewOf(init);
  const moov = child(view, whole(view), 'moov');
  if (moov === null) return null;
  for (const trak of boxes(view, moov)) {
    if (trak.type !== 'trak') continue;
    const mdia = child(view, trak, 'mdia');
    const tkhd = child(view, trak, 'tkhd');
    const hdlr = mdia && child(view, mdia, 'hdlr');
    const mdhd = mdia && child(view, mdia, 'mdhd');
    if (!tkhd || !hdlr || !mdhd || !holds(hdlr, 12) || fourCc(view, hdlr.from + 8) !== 'vide') continue;
    if (!holds(tkhd, 24) || !holds(mdhd, 24)) continue;
    const id = view.getUint32(tkhd.from + (view.getUint8(tkhd.from) === 1 ? 20 : 12));
    const timescale = view.getUint32(mdhd.from + (view.getUint8(mdhd.from) === 1 ? 20 : 12));
    if (timescale > 0) return { id, timescale };
  }
  return null;
}

/** When a fragment plays, by its video; null when it is damaged or has no video. */
export function fragmentTimes(fragment: Uint8Array, track: VideoTrack): FragmentTimes | null {
  const view = viewOf(fragment);
  let epoch: number | null = null;
  for (const box of boxes(view, whole(view))) {
    if (box.type === 'prft') epoch = epochOf(view, box, track) ?? epoch;
    if (box.type !== 'moof') continue;
    for (const traf of boxes(view, box)) {
      if (traf.type !== 'traf') continue;
      const tfhd = child(view, traf, 'tfhd');
      const tfdt = child(view, traf, 'tfdt');
      if (!tfhd || !tfdt || !holds(tfhd, 8) || !holds(tfdt, 8)) continue;
      if (view.getUint32(tfhd.from + 4) !== track.id) continue;
      const ticks = versioned(view, tfdt, tfdt.from + 4);
      return ticks === null ? null : { start: ticks / track.timescale, epoch };
    }
  }
  return null;
}

function epochOf(view: DataView, prft: Box, track: VideoTrack): number | null {
  if (!holds(prft, 20) || view.getUint32(prft.from + 4) !== track.id) return null;
  const seconds = view.getUint32(prft.from + 8) - NTP_TO_UNIX_S;
  const wall = (seconds + view.getUint32(prft.from + 12) / 2 ** 32) * 1000;
  const media = versioned(view, prft, prft.from + 16);
  return media === null ? null : wall - (media / track.timescale) * 1000;
}

/** A number of 32 bits in version 0 of a box and of 64 in later ones. */
function versioned(view: DataView, box: Box, at: number): number | null {
  if (view.getUint8(box.from) === 0) return at + 4 <= box.to ? view.getUint32(at) : null;
  return at + 8 <= box.to ? Number(view.getBigUint64(at)) : null;
}

function child(view: DataView, parent: Box, type: string): Box | null {
  for (const box of boxes(view, parent)) if (box.type === type) return box;
  return null;
}

/** The boxes in a box, up to the first damaged one. */
export function* boxes(view: DataView, parent: Box): Generator<Box> {
  for (let at = parent.from; at + 8 <= parent.to;) {
    let size = view.getUint32(at);
    let head = 8;
    if (size === 1 && at + 16 <= parent.to) {
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    } else if (size === 0) size = parent.to - at;
    if (size < head || at + size > parent.to) return;
    yield { type: fourCc(view, at + 4), from: at + head, to: at + size };
    at += size;
  }
}

/** All of it, as if it were in a box. */
export function whole(view: DataView): Box {
  return { type: '', from: 0, to: view.byteLength };
}

function holds(box: Box, bytes: number): boolean {
  return box.to - box.from >= bytes;
}

function fourCc(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

/** To read numbers out of it, in place. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
