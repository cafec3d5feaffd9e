import type { ApiClient } from './client';
import type {
  Camera,
  CameraDraft,
  CameraHealth,
  CameraStatus,
  HoldsAnswer,
  Region,
  TimelineAnswer,
} from './types';

const PAGE_SIZE = 1000;

export async function listRegions(api: ApiClient, signal?: AbortSignal): Promise<Region[]> {
  const answer = await api.request<{ regions?: Region[] }>('GET', '/v1/regions', { signal });
  return answer.regions ?? [];
}

/** All cameras. `onPage` is told those that have come so far, after each page but the last. */
export async function listCameras(
  api: ApiClient,
  signal?: AbortSignal,
  onPage?: (sofar: Camera[]) => void,
): Promise<Camera[]> {
  const cameras: Camera[] = [];
  for (let pageToken = ''; ;) {
    const page = await api.request<{ cameras?: Camera[]; next_page_token?: string }>('GET', '/v1/cameras', {
      query: { page_size: PAGE_SIZE, page_token: pageToken },
      signal,
    });
    cameras.push(...(page.cameras ?? []));
    pageToken = page.next_page_token ?? '';
    if (pageToken === '') return cameras;
    onPage?.([...cameras]);
  }
}

/** `name` is the resource name, "cameras/{id}". */
export function getCameraStatus(api: ApiClient, name: string, signal?: AbortSignal): Promise<CameraStatus> {
  return api.request('GET', `/v1/${name}/status`, { signal });
}

/** The last minute of the camera's stream, and its last day by hour. */
export function getCameraHealth(api: ApiClient, name: string, signal?: AbortSignal): Promise<CameraHealth> {
  return api.request('GET', `/v1/${name}/health`, { signal });
}

/** An empty `cameraId` lets the server make one. */
export function createCamera(api: ApiClient, cameraId: string, draft: CameraDraft): Promise<Camera> {
  return api.request('POST', '/v1/cameras', { query: { camera_id: cameraId }, body: draft });
}

/** Only the fields present in `changes` are written. 409 when `etag` is not the newest version's. */
export function updateCamera(
  api: ApiClient,
  name: string,
  changes: CameraDraft,
  etag: string,
): Promise<Camera> {
  return api.request('PATCH', `/v1/${name}`, { body: { ...changes, etag } });
}

export async function deleteCamera(api: ApiClient, name: string): Promise<void> {
  await api.request('DELETE', `/v1/${name}`);
}

/** Epoch milliseconds, half open. */
export function getTimeline(
  api: ApiClient,
  name: string,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<TimelineAnswer> {
  const query = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  return api.request('GET', `/v1/${name}/timeline`, { query, signal });
}

/** Holds in force on a camera, as far as the caller may hold it. */
export function listHolds(api: ApiClient, name: string, signal?: AbortSignal): Promise<HoldsAnswer> {
  return api.request('GET', '/v1/holds', { query: { camera: name, page_size: PAGE_SIZE }, signal });
}
