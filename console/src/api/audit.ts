import type { ApiClient } from './client';
import { readPage, type Page } from './pages';

export interface AuditRecord {
  record_id: number;
  time: string;
  event: string;
  principal: string;
  organisation: string;
  line: string;
  action: string;
  camera_uid: string;
  window_start?: string;
  window_end?: string;
  purpose: string;
  allowed: boolean;
  reason: string;
  remote_address: string;
  acting_person: string;
  watched_s: number;
  detail: string;
}

/** What is looked for; "" is anything. Instants are RFC 3339. */
export interface AuditFilter {
  camera: string;
  principal: string;
  action: string;
  start: string;
  end: string;
}

export function listAudit(
  api: ApiClient,
  filter: AuditFilter,
  pageToken: string,
  signal?: AbortSignal,
): Promise<Page<AuditRecord>> {
  return readPage(api, '/v1/audit', 'records', { ...filter, page_size: 100, page_token: pageToken }, signal);
}

/** The export is on record itself, with its purpose. */
export function exportAudit(api: ApiClient, filter: AuditFilter, purpose: string): Promise<Response> {
  return api.open('GET', '/v1/audit:export', {
    query: { ...filter, format: 'csv', purpose },
    headers: { Accept: 'text/csv' },
  });
}
