import type { ApiClient } from './client';

/** The registry as a file of CSV (docs/http.md). */

export type LineAction = 'create' | 'update' | 'unchanged' | 'refused';

export interface ReportLine {
  /** Of the file, the first is 1. */
  line: number;
  camera: string;
  action: LineAction;
  errors: { field: string; code: string; detail: string }[];
}

export interface ImportReport {
  encoding: string;
  dry_run: boolean;
  lines: ReportLine[];
  created: number;
  updated: number;
  unchanged: number;
  refused: number;
}

/** The report comes while the cameras are registered; whoever aborts ends the import. */
export function importCameras(
  api: ApiClient,
  file: Blob,
  { dryRun, update }: { dryRun: boolean; update: boolean },
  signal: AbortSignal,
): Promise<Response> {
  return api.open('POST', '/v1/cameras:import', {
    query: { dry_run: String(dryRun), update: String(update) },
    content: { type: 'text/csv', data: file },
    signal,
  });
}

/** `region` "" for everything. */
export function exportCameras(api: ApiClient, region: string): Promise<Response> {
  return api.open('GET', '/v1/cameras:export', { query: { region }, headers: { Accept: 'text/csv' } });
}
