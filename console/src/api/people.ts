import type { ApiClient } from './client';
import { readAll, readPage, type Page } from './pages';
import type { Principal } from './types';

export const LINES = ['GOVERNMENT', 'POLICE', 'POLITICAL_LEGAL', 'CARRIER', 'RESIDENT'] as const;
export const ROLES = ['VIEWER', 'OPERATOR', 'ADMIN', 'AUDITOR'] as const;

export interface ManagedPrincipal extends Principal {
  username: string;
  organisation: string;
  disabled: boolean;
  kind: string;
  etag: string;
}

/** What an admin may write; username, line and password at the creation alone. */
export type PrincipalDraft = Partial<
  Pick<
    ManagedPrincipal,
    'username' | 'display_name' | 'organisation' | 'line' | 'roles' | 'scope' | 'disabled'
  >
> & { password?: string };

export interface Jurisdiction {
  name: string;
  display_name: string;
  region: string;
  regions: string[];
  camera_uids: string[];
  members: string[];
  reason: string;
  /** Absent: it lasts. */
  expire_time?: string;
  etag: string;
}
export type JurisdictionDraft = Omit<Jurisdiction, 'name' | 'etag'>;

export interface SessionInfo {
  name: string;
  way: string;
  client_id: string;
  remote_address: string;
  create_time: string;
  use_time: string;
  expire_time: string;
  current: boolean;
}

export function listPrincipals(
  api: ApiClient,
  pageToken: string,
  signal?: AbortSignal,
): Promise<Page<ManagedPrincipal>> {
  return readPage(api, '/v1/principals', 'principals', { page_size: 100, page_token: pageToken }, signal);
}

export function createPrincipal(api: ApiClient, draft: PrincipalDraft): Promise<ManagedPrincipal> {
  return api.request('POST', '/v1/principals', { body: draft });
}

/** 412 when `etag` is not the newest version's. */
export function updatePrincipal(
  api: ApiClient,
  { name, etag }: ManagedPrincipal,
  changes: PrincipalDraft,
): Promise<ManagedPrincipal> {
  return api.request('PATCH', `/v1/${name}`, { body: { ...changes, etag } });
}

/** The temporary password, which nobody is told again. */
export async function resetPassword(api: ApiClient, name: string): Promise<string> {
  const answer = await api.request<{ temporary_password: string }>('POST', `/v1/${name}:resetPassword`);
  return answer.temporary_password;
}

export function listJurisdictions(api: ApiClient, signal?: AbortSignal): Promise<Jurisdiction[]> {
  return readAll(api, '/v1/jurisdictions', 'jurisdictions', 5000, signal);
}

export function createJurisdiction(api: ApiClient, draft: JurisdictionDraft): Promise<Jurisdiction> {
  return api.request('POST', '/v1/jurisdictions', { body: draft });
}

export function replaceJurisdiction(
  api: ApiClient,
  { name, etag }: Jurisdiction,
  draft: JurisdictionDraft,
): Promise<Jurisdiction> {
  return api.request('PUT', `/v1/${name}`, { body: { ...draft, etag } });
}

export async function endJurisdiction(api: ApiClient, name: string): Promise<void> {
  await api.request('DELETE', `/v1/${name}`);
}

export async function changePassword(api: ApiClient, current: string, next: string): Promise<void> {
  await api.request('POST', '/v1/password', { body: { current_password: current, new_password: next } });
}

export async function listSessions(api: ApiClient, signal?: AbortSignal): Promise<SessionInfo[]> {
  return (await api.request<{ sessions?: SessionInfo[] }>('GET', '/v1/sessions', { signal })).sessions ?? [];
}

export async function endSession(api: ApiClient, name: string): Promise<void> {
  await api.request('DELETE', `/v1/${name}`);
}
