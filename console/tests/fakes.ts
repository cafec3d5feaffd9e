/** Boxes of ISO/IEC 14496-12 for tests. */
export function box(type: string, ...parts: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
  const size = 8 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, size);
  bytes.set(
    [...type].map((char) => char.charCodeAt(0)),
    4,
  );
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

export function u64(value: number): number[] {
  return [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];
}

function trak(id: number, handler: string, timescale: number): Uint8Array {
  const tkhd = box('tkhd', u32(0), u32(0), u32(0), u32(id), new Uint8Array(68));
  const mdhd = box('mdhd', u32(0), u32(0), u32(0), u32(timescale), u32(0), u32(0));
  const hdlr = box(
    'hdlr',
    u32(0),
    u32(0),
    [...handler].map((char) => char.charCodeAt(0)),
    new Uint8Array(13),
  );
  return box('trak', tkhd, box('mdia', mdhd, hdlr));
}

/** An init section: sound first, then pictures as track 1 in 90 kHz. */
export function initSection(): Uint8Array<ArrayBuffer> {
  return concat(box('ftyp', u32(0)), box('moov', trak(2, 'soun', 8000), trak(1, 'vide', 90_000)));
}

/** A fragment whose first picture was taken at `instant` (epoch ms) and is decoded at `start` seconds. */
export function fragment(start: number, instant: number): Uint8Array<ArrayBuffer> {
  const ntp = Math.floor(instant / 1000) + 2_208_988_800;
  const part = Math.round(((instant % 1000) / 1000) * 2 ** 32);
  const media = u64(Math.round(start * 90_000));
  const prft = box('prft', [1, 0, 0, 0], u32(1), u32(ntp), u32(part), media);
  const traf = (id: number, time: number[]) =>
    box('traf', box('tfhd', u32(0), u32(id)), box('tfdt', [1, 0, 0, 0], time));
  return concat(prft, box('moof', traf(2, u64(start * 8000)), traf(1, media)), box('mdat', [0]));
}

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A gateway's end of a WebSocket. */
export class FakeSocket {
  binaryType = '';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly orders: { op: string; id: number; ticket?: string }[] = [];
  closed = false;

  send(text: string): void {
    this.orders.push(JSON.parse(text) as FakeSocket['orders'][number]);
  }

  close(): void {
    this.closed = true;
  }

  /** The number of the newest order to watch. */
  get lastId(): number {
    return this.orders.findLast(({ op }) => op === 'watch')?.id ?? -1;
  }

  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  refuse(id: number, status: number, code: string, detail = ''): void {
    this.tell({ id, error: { status, code, detail } });
  }

  send5(id: number, kind: number, bytes: number[] = []): void {
    this.onmessage?.({ data: new Uint8Array([...u32(id), kind, ...bytes]).buffer });
  }
}
