import type { ApiClient } from './client';
import { readPage, type Page } from './pages';

/** Grants, consents and what is told of them (docs/consent.md). Instants are RFC 3339. */

export const GRANT_KINDS = ['case', 'emergency', 'repair'] as const;
export type GrantKind = (typeof GRANT_KINDS)[number];
export const GRANT_STATES = ['requested', 'approved', 'denied', 'withdrawn', 'revoked', 'expired'] as const;
export type GrantState = (typeof GRANT_STATES)[number];
export const OPENINGS = ['live', 'snapshot', 'playback', 'export'] as const;
export type Opening = (typeof OPENINGS)[number];

export interface Grant {
  name: string;
  kind: GrantKind;
  purpose: string;
  state: GrantState;
  cameras: string[];
  camera_uids: string[];
  actions: Opening[];
  window_start?: string;
  window_end?: string;
  case_number: string;
  reason: string;
  requester: string;
  beneficiary: string;
  duration_s: number;
  create_time: string;
  start_time?: string;
  end_time?: string;
  decided_by: string;
  decision_reason: string;
  etag: string;
}

export interface GrantDraft {
  kind: GrantKind;
  cameras: string[];
  actions?: Opening[];
  reason: string;
  case_number?: string;
  beneficiary?: string;
  duration_s?: number;
  window_start?: string;
  window_end?: string;
}

export type GrantStep = 'approve' | 'deny' | 'withdraw' | 'revoke';

export interface Alert {
  name: string;
  grant: string;
  cameras: string[];
  camera_uids: string[];
  requester: string;
  organisation: string;
  reason: string;
  create_time: string;
}

export interface Audience {
  principal?: string;
  organisation?: string;
  line?: string;
  region?: string;
}

export interface Consent {
  name: string;
  camera: string;
  camera_uid: string;
  owner: string;
  audience: Audience;
  actions: Opening[];
  hours_from: string;
  hours_to: string;
  end_time: string;
  paper_reference: string;
  state: 'active' | 'withdrawn' | 'expired';
}

export interface ConsentDraft {
  camera: string;
  audience: Audience;
  actions: Opening[];
  end_time: string;
  hours_from?: string;
  hours_to?: string;
  paper_reference?: string;
}

export interface Erasure {
  name: string;
  camera: string;
  camera_uid: string;
  state: 'pending' | 'held' | 'done';
  held_by: string[];
  remaining_objects: number;
  due_time?: string;
  done_time?: string;
}

export interface Notice {
  grant: string;
  camera: string;
  camera_uid: string;
  kind: string;
  state: string;
  organisation: string;
  line: string;
  reason: string;
  start_time?: string;
  end_time?: string;
}

const paged = (pageToken: string) => ({ page_size: 50, page_token: pageToken });

export function listGrants(
  api: ApiClient,
  wanted: { kind: string; state: string },
  pageToken: string,
  signal?: AbortSignal,
): Promise<Page<Grant>> {
  return readPage(api, '/v1/grants', 'grants', { ...wanted, ...paged(pageToken) }, signal);
}

export function requestGrant(api: ApiClient, draft: GrantDraft): Promise<Grant> {
  return api.request('POST', '/v1/grants', { body: draft });
}

/** 409 when the grant is not as it was read any more. */
export function stepGrant(
  api: ApiClient,
  { name, etag }: Grant,
  step: GrantStep,
  body: { reason?: string; duration_s?: number },
): Promise<Grant> {
  return api.request('POST', `/v1/${name}:${step}`, { body: { ...body, etag } });
}

export function listAlerts(api: ApiClient, pageToken: string, signal?: AbortSignal): Promise<Page<Alert>> {
  return readPage(api, '/v1/alerts', 'alerts', paged(pageToken), signal);
}

export function acknowledgeAlert(api: ApiClient, name: string): Promise<Alert> {
  return api.request('POST', `/v1/${name}:acknowledge`, { body: {} });
}

export function listConsents(
  api: ApiClient,
  pageToken: string,
  signal?: AbortSignal,
): Promise<Page<Consent>> {
  return readPage(api, '/v1/consents', 'consents', paged(pageToken), signal);
}

export function createConsent(api: ApiClient, draft: ConsentDraft): Promise<Consent> {
  return api.request('POST', '/v1/consents', { body: draft });
}

export function renewConsent(
  api: ApiClient,
  name: string,
  body: { end_time: string; paper_reference?: string },
): Promise<Consent> {
  return api.request('POST', `/v1/${name}:renew`, { body });
}

export function withdrawConsent(
  api: ApiClient,
  name: string,
  body: { erase: boolean; paper_reference?: string },
): Promise<Consent> {
  return api.request('POST', `/v1/${name}:withdraw`, { body });
}

export function listErasures(
  api: ApiClient,
  pageToken: string,
  signal?: AbortSignal,
): Promise<Page<Erasure>> {
  return readPage(api, '/v1/erasures', 'erasures', paged(pageToken), signal);
}

export function listNotices(api: ApiClient, pageToken: string, signal?: AbortSignal): Promise<Page<Notice>> {
  return readPage(api, '/v1/notices', 'notices', paged(pageToken), signal);
}
