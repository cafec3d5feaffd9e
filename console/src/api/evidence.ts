import type { ApiClient } from './client';

export type ExportState = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
export type ExportPhase = 'WAITING' | 'COPYING' | 'RENDERING' | 'SIGNING';
export type Cut = 'KEY_FRAME' | 'EXACT';

export interface ExportFile {
  camera: string;
  file: string;
  start: string;
  end: string;
  size: number;
  sha256: string;
}

export interface Export {
  name: string;
  cameras: string[];
  start: string;
  end: string;
  case_number: string;
  reason: string;
  cut: Cut | null;
  burn_in: boolean;
  created_by: string;
  create_time: string;
  state: ExportState;
  phase: ExportPhase;
  percent: number;
  error: string;
  bytes_total: number;
  bytes_done: number;
  files: ExportFile[];
  expire_time: string | null;
  expired: boolean;
}

export interface ExportWish {
  cameras: string[];
  start: string;
  end: string;
  case_number: string;
  reason: string;
  cut: Cut;
  burn_in: boolean;
}

export interface Hold {
  name: string;
  camera: string;
  start: string;
  end: string;
  case_number: string;
  reason: string;
  expire_time: string | null;
  created_by: string;
  create_time: string;
  released_by: string;
  release_time: string | null;
  release_reason: string;
  missing: { start: string; end: string }[];
}

export interface HoldWish {
  camera: string;
  start: string;
  end: string;
  case_number: string;
  reason: string;
  /** Left out: until somebody lets go. */
  expire_time?: string;
}

export interface Page<T> {
  items: T[];
  more: boolean;
}

export function createExport(api: ApiClient, wish: ExportWish): Promise<Export> {
  return api.request('POST', '/v1/exports', { body: wish });
}

/** The caller's, newest first. */
export async function listExports(api: ApiClient, count: number, signal: AbortSignal): Promise<Page<Export>> {
  const answer = await api.request<{ exports?: Export[]; next_page_token?: string }>('GET', '/v1/exports', {
    query: { page_size: count },
    signal,
  });
  return { items: answer.exports ?? [], more: (answer.next_page_token ?? '') !== '' };
}

export function cancelExport(api: ApiClient, name: string): Promise<Export> {
  return api.request('POST', `/v1/${name}:cancel`);
}

/**
 * Where a plain link loads from: the session's cookie goes with it, and the browser writes straight to disk, however
 * much it is. `part` is "manifest", or "download": one `file`, or all in a package.
 */
export function exportPath(name: string, part: 'download' | 'manifest', file?: string): string {
  const query = file === undefined ? '' : `?file=${encodeURIComponent(file)}`;
  return `/v1/${name}/${part}${query}`;
}

export function createHold(api: ApiClient, wish: HoldWish): Promise<Hold> {
  return api.request('POST', '/v1/holds', { body: wish });
}

/** Newest first; with `all` those too that have ended. */
export async function listHolds(
  api: ApiClient,
  all: boolean,
  count: number,
  signal: AbortSignal,
): Promise<Page<Hold>> {
  const answer = await api.request<{ holds?: Hold[]; next_page_token?: string }>('GET', '/v1/holds', {
    query: { all: all ? 'true' : undefined, page_size: count },
    signal,
  });
  return { items: answer.holds ?? [], more: (answer.next_page_token ?? '') !== '' };
}

export function releaseHold(api: ApiClient, name: string, reason: string): Promise<Hold> {
  return api.request('POST', `/v1/${name}:release`, { body: { reason } });
}
