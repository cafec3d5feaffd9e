import type { ApiClient } from './client';

/** Where to look, and what devices want to hear (docs/discovery.md). */
export interface Search {
  region: string;
  /** Addresses and networks; none: by multicast. */
  networks: string[];
  username: string;
  password: string;
}

export interface FoundCamera {
  /** "urn:uuid:..." */
  endpoint: string;
  address: string;
  display_name: string;
  location: string;
  manufacturer: string;
  model: string;
  serial_number: string;
  firmware_version: string;
  main_url: string;
  sub_url: string;
  video_codec: string;
  width: number;
  height: number;
  ptz: boolean;
  /** "camera.auth_failed: 401 after Digest"; empty when its streams are known. */
  problem: string;
  /** "cameras/{id}" that it is registered as already, or empty. */
  camera: string;
}

/** Ends when the search does; whoever aborts ends the search. */
export async function discoverCameras(
  api: ApiClient,
  search: Search,
  signal: AbortSignal,
): Promise<FoundCamera[]> {
  const answer = await api.request<{ cameras: FoundCamera[] }>('POST', '/v1/cameras:discover', {
    body: search,
    signal,
  });
  return answer.cameras;
}
