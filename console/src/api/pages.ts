import type { ApiClient } from './client';

export interface Page<T> {
  items: T[];
  /** The token of the next page, "" at the end. */
  next: string;
}

type Query = Record<string, string | number | undefined>;

/** One page of a list; `collection` is the member that holds it. */
export async function readPage<T>(
  api: ApiClient,
  path: string,
  collection: string,
  query: Query,
  signal?: AbortSignal,
): Promise<Page<T>> {
  const answer = await api.request<Record<string, unknown>>('GET', path, { query, signal });
  return {
    items: (answer[collection] ?? []) as T[],
    next: typeof answer['next_page_token'] === 'string' ? answer['next_page_token'] : '',
  };
}

/** All pages, at most `most` items: for choices, not for lists that grow without end. */
export async function readAll<T>(
  api: ApiClient,
  path: string,
  collection: string,
  most: number,
  signal?: AbortSignal,
): Promise<T[]> {
  const items: T[] = [];
  let token = '';
  do {
    const page = await readPage<T>(api, path, collection, { page_size: 100, page_token: token }, signal);
    items.push(...page.items);
    token = page.next;
  } while (token !== '' && items.length < most);
  return items;
}
