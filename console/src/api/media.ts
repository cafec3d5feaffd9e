import { problemOf } from './problem';

/** Gets what a ticket in the path opens. Throws what the path refuses with. */
export async function loadMedia(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal, credentials: 'same-origin' });
  if (!response.ok) throw await problemOf(response);
  return response;
}
