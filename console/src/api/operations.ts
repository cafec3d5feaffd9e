import type { ApiClient } from './client';
import { readPage, type Page } from './pages';

/** How the system does (docs/online-rate.md, docs/integrity.md). Durations in milliseconds. */

export interface Times {
  enabled_ms: number;
  online_ms: number;
  /** Null without enabled time. */
  rate: number | null;
}
export interface OnlineFigures extends Times {
  region: string;
  cameras: number;
  steps: (Times & { start: string })[];
}
export interface OnlineRate extends OnlineFigures {
  children: (OnlineFigures & { display_name: string })[];
}

export interface IntegrityFigures {
  region: string;
  cameras: number;
  scheduled_ms: number;
  recorded_ms: number;
  ratio: number | null;
  longest_gap_ms: number;
  missing: { cause: string; ms: number }[];
  days: { day: string; scheduled_ms: number; recorded_ms: number; ratio: number | null }[];
}
export interface Integrity extends IntegrityFigures {
  children: (IntegrityFigures & { display_name: string })[];
}

export interface OfflineCamera {
  name: string;
  uid: string;
  display_name: string;
  region: string;
  operator: string;
  cause: string;
  state_reason: string;
  state_time: string | null;
}

export interface StorageAnswer {
  stores: {
    name: string;
    state: 'AVAILABLE' | 'AWAY';
    away_since: string | null;
    /** Null, as `used_bytes` then: nobody has looked at it yet. */
    fill: 'ENOUGH' | 'FILLING' | 'DROPPING' | 'FULL' | null;
    used_bytes: number | null;
    capacity_bytes: number | null;
    free_bytes: number | null;
    days_left: number | null;
  }[];
  default_store: string;
  regions: { region: string; store: string }[];
}
export interface RetentionPolicy {
  /** "retentionPolicies/default", ".../class-{1-3}", ".../region-{code}" */
  name: string;
  days: number;
  minimum_days: number;
}

export type Step = 'hour' | 'day';

interface Span {
  region: string;
  /** Epoch milliseconds, half open. */
  start: number;
  end: number;
}

function rangeOf({ region, start, end }: Span): Record<string, string> {
  return { region, start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}

export function getOnlineRate(
  api: ApiClient,
  span: Span,
  step: Step,
  signal: AbortSignal,
): Promise<OnlineRate> {
  return api.request('GET', '/v1/online_rate', { query: { ...rangeOf(span), step }, signal });
}

export function getIntegrity(api: ApiClient, span: Span, signal: AbortSignal): Promise<Integrity> {
  return api.request('GET', '/v1/integrity', { query: rangeOf(span), signal });
}

export function listOffline(
  api: ApiClient,
  region: string,
  pageToken: string,
  signal?: AbortSignal,
): Promise<Page<OfflineCamera>> {
  const query = { region, page_size: 100, page_token: pageToken };
  return readPage(api, '/v1/cameras:offline', 'cameras', query, signal);
}

export function getStorage(api: ApiClient, signal: AbortSignal): Promise<StorageAnswer> {
  return api.request('GET', '/v1/storage', { signal });
}

export async function listRetentionPolicies(api: ApiClient, signal: AbortSignal): Promise<RetentionPolicy[]> {
  const answer = await api.request<{ retention_policies: RetentionPolicy[] }>(
    'GET',
    '/v1/retention_policies',
    { signal },
  );
  return answer.retention_policies;
}
