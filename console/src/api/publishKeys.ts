import type { ApiClient } from './client';

/** A key with which a camera publishes; the key itself is told once, by `createPublishKey`. */
export interface PublishKey {
  /** "cameras/{camera}/publish-keys/{id}" */
  name: string;
  display_name: string;
  create_time: string;
}

export interface NewPublishKey extends PublishKey {
  key: string;
}

/** Where the camera publishes to, without its key. A protocol that is not listened for is absent. */
export interface PublishAddresses {
  rtmp?: string;
  rtsp?: string;
}

export interface PublishKeys {
  publish_keys: PublishKey[];
  addresses: PublishAddresses;
}

export function listPublishKeys(api: ApiClient, camera: string, signal?: AbortSignal): Promise<PublishKeys> {
  return api.request('GET', `/v1/${camera}/publish-keys`, { signal });
}

export function createPublishKey(
  api: ApiClient,
  camera: string,
  displayName: string,
): Promise<NewPublishKey> {
  return api.request('POST', `/v1/${camera}/publish-keys`, { body: { display_name: displayName } });
}

export async function deletePublishKey(api: ApiClient, name: string): Promise<void> {
  await api.request('DELETE', `/v1/${name}`);
}
