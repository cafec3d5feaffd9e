import { loadMedia } from '../api/media';
import { isAbort, Problem } from '../api/problem';

export const TILE_WIDTH = 160;
export const TILE_HEIGHT = 90;
const SHEET_MS = 600_000;
const TILE_MS = 10_000;
const COLUMNS = 10;
export const SHEET_WIDTH = COLUMNS * TILE_WIDTH;
/** One at a time would keep a sheet waiting for a picture; more would crowd out the footage itself. */
const AT_ONCE = 2;
/** About 3.5 MB each once decoded. */
const SHEETS_KEPT = 12;
const SHARP_KEPT = 60;
/** A pointer that stays so long wants to see more closely. */
const REST_MS = 150;
/** A sheet that is still growing, and a refusal, are asked about again after so long. */
const STALE_MS = 10_000;

export interface Picture {
  kind: 'tile' | 'sharp';
  /** An object URL, and where in its image the picture's upper left corner is, px. */
  url: string;
  x: number;
  y: number;
}

export interface PreviewOptions {
  /** Where a camera's previews of an instant are, "/snapshot/{ticket}". */
  base: (camera: string, instant: number) => Promise<string>;
  now: () => number;
  load?: (url: string, signal: AbortSignal) => Promise<Blob>;
  createUrl?: (blob: Blob) => string;
  revokeUrl?: (url: string) => void;
}

interface Kept {
  /** Null: there is nothing to see, or it was refused. */
  url: string | null;
  /** When to ask again. */
  until: number;
}

interface Wanted {
  key: string;
  camera: string;
  instant: number;
  path: string;
  growing: boolean;
}

/** Small pictures for a pointer over the timeline: of what it passes only the newest wish is kept, so nothing queues. */
export class Previews {
  private readonly options: Required<PreviewOptions>;
  private readonly sheets = new Map<string, Kept>();
  private readonly sharp = new Map<string, Kept>();
  private readonly flying = new Map<string, AbortController>();
  private readonly listeners = new Set<() => void>();
  /** Cameras whose tickets want a mark over each picture: previews have none. */
  private readonly closed = new Set<string>();
  private wantedSheet: Wanted | null = null;
  private wantedSharp: Wanted | null = null;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PreviewOptions) {
    this.options = {
      load: async (url, signal) => (await loadMedia(url, signal)).blob(),
      createUrl: (blob) => URL.createObjectURL(blob),
      revokeUrl: (url) => URL.revokeObjectURL(url),
      ...options,
    };
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The pointer is here now. */
  point(camera: string, instant: number): void {
    clearTimeout(this.rest);
    if (this.closed.has(camera)) return;
    this.wantedSharp = null;
    this.wantedSheet = this.missing(this.sheets, sheetOf(camera, instant, this.options.now()));
    this.rest = setTimeout(() => {
      this.wantedSharp = this.missing(this.sharp, sharpOf(camera, instant));
      this.pump();
    }, REST_MS);
    this.pump();
  }

  leave(): void {
    clearTimeout(this.rest);
    this.wantedSheet = this.wantedSharp = null;
  }

  /** What can be shown of an instant at once. */
  picture(camera: string, instant: number): Picture | null {
    const exact = this.sharp.get(sharpOf(camera, instant).key)?.url;
    if (exact) return { kind: 'sharp', url: exact, x: 0, y: 0 };
    const sheet = this.sheets.get(sheetOf(camera, instant, 0).key)?.url;
    if (!sheet) return null;
    const tile = Math.floor((instant % SHEET_MS) / TILE_MS);
    const [column, row] = [tile % COLUMNS, Math.floor(tile / COLUMNS)];
    return { kind: 'tile', url: sheet, x: column * TILE_WIDTH, y: row * TILE_HEIGHT };
  }

  close(): void {
    this.leave();
    for (const flight of this.flying.values()) flight.abort();
    for (const kept of [...this.sheets.values(), ...this.sharp.values()]) this.drop(kept);
    this.sheets.clear();
    this.sharp.clear();
  }

  private missing(kept: Map<string, Kept>, wanted: Wanted): Wanted | null {
    const known = kept.get(wanted.key);
    return known !== undefined && known.until > this.options.now() ? null : wanted;
  }

  private pump(): void {
    for (const isSheet of [true, false]) {
      const wanted = isSheet ? this.wantedSheet : this.wantedSharp;
      if (wanted === null || this.flying.size >= AT_ONCE) continue;
      if (isSheet) this.wantedSheet = null;
      else this.wantedSharp = null;
      if (!this.flying.has(wanted.key)) void this.fly(wanted, isSheet);
    }
  }

  private async fly(wanted: Wanted, isSheet: boolean): Promise<void> {
    const { base, load, createUrl, now } = this.options;
    const flight = new AbortController();
    this.flying.set(wanted.key, flight);
    const keep = (url: string | null, settled: boolean) =>
      this.keep(isSheet, wanted.key, { url, until: settled ? Infinity : now() + STALE_MS });
    try {
      const blob = await load(`${await base(wanted.camera, wanted.instant)}/${wanted.path}`, flight.signal);
      if (!flight.signal.aborted) keep(createUrl(blob), !wanted.growing);
    } catch (error) {
      if (isAbort(error) || flight.signal.aborted) return;
      if (error instanceof Problem && error.status === 403) this.closed.add(wanted.camera);
      keep(null, false);
    } finally {
      this.flying.delete(wanted.key);
    }
    for (const listener of this.listeners) listener();
    this.pump();
  }

  private keep(isSheet: boolean, key: string, kept: Kept): void {
    const [held, most] = isSheet ? [this.sheets, SHEETS_KEPT] : [this.sharp, SHARP_KEPT];
    const before = held.get(key);
    // A refusal on the way does not take away what was there.
    const stays = kept.url === null && before !== undefined ? { ...before, until: kept.until } : kept;
    if (before !== undefined && stays.url !== before.url) this.drop(before);
    held.delete(key);
    held.set(key, stays);
    for (const [oldest, old] of held) {
      if (held.size <= most) break;
      held.delete(oldest);
      this.drop(old);
    }
  }

  private drop({ url }: Kept): void {
    if (url !== null) this.options.revokeUrl(url);
  }
}

function sheetOf(camera: string, instant: number, now: number): Wanted {
  const start = Math.floor(instant / SHEET_MS) * SHEET_MS;
  const path = `sheet-${start / 1000}.jpg`;
  return { key: `${camera} ${path}`, camera, instant, path, growing: start + SHEET_MS + 120_000 > now };
}

function sharpOf(camera: string, instant: number): Wanted {
  // Key frames are a second or two apart.
  const second = Math.floor(instant / 1000) * 1000;
  const path = `preview.jpg?time=${new Date(second).toISOString()}`;
  return { key: `${camera} ${path}`, camera, instant, path, growing: false };
}
