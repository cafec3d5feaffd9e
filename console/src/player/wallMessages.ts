import { Problem } from '../api/problem';

/** What the gateway says on its socket (docs/live.md). `id` is the client's number for a watch. */
export type WallMessage =
  | { kind: 'described'; id: number; codecs: string }
  | { kind: 'problem'; id: number | null; problem: Problem }
  | { kind: 'init' | 'fragment'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'discontinuity'; id: number };

const KINDS = ['init', 'fragment', 'discontinuity'] as const;
const HEAD = 5;

/** Reads a message; null when it is none of those known here. */
export function readMessage(data: unknown): WallMessage | null {
  if (data instanceof ArrayBuffer) return readBinary(data);
  return typeof data === 'string' ? readText(data) : null;
}

function readBinary(data: ArrayBuffer): WallMessage | null {
  if (data.byteLength < HEAD) return null;
  const view = new DataView(data);
  const id = view.getUint32(0);
  const kind = KINDS[view.getUint8(4)];
  if (kind === undefined) return null;
  if (kind === 'discontinuity') return { kind, id };
  return { kind, id, bytes: new Uint8Array(data, HEAD) };
}

function readText(text: string): WallMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { id, codecs, error } = value as Record<string, unknown>;
  if (typeof error === 'object' && error !== null) {
    return { kind: 'problem', id: typeof id === 'number' ? id : null, problem: readProblem(error) };
  }
  if (typeof id !== 'number' || typeof codecs !== 'string') return null;
  return { kind: 'described', id, codecs };
}

function readProblem(error: object): Problem {
  const { status, code, detail, field } = error as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return new Problem(typeof status === 'number' ? status : 500, text(code), text(detail), text(field));
}
