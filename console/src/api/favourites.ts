import type { ApiClient } from './client';

export interface FavouritesAnswer {
  /** Resource names, in the person's order. */
  cameras: string[];
  etag: string;
}

export function getFavourites(api: ApiClient, signal?: AbortSignal): Promise<FavouritesAnswer> {
  return api.request('GET', '/v1/favourites', { signal });
}

/** Replaces them all. 409 when `etag` is not the newest version's. */
export function putFavourites(api: ApiClient, cameras: string[], etag: string): Promise<FavouritesAnswer> {
  return api.request('PUT', '/v1/favourites', { body: { cameras, etag } });
}
