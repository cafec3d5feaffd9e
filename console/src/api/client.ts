import type { ServerClock } from './clock';
import { Problem, Unreachable, isAbort, problemOf } from './problem';

/** Who says which token to send, and gets a new one when the server calls it expired. */
export interface TokenSource {
  accessToken(): string | null;
  /** False when the session is over. */
  renew(): Promise<boolean>;
}

export interface RequestOptions {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** One request without any session: JSON in, JSON out, problems thrown. */
export async function exchange<T>(
  fetcher: Fetch,
  clock: ServerClock,
  method: string,
  path: string,
  { query, body, headers, signal }: RequestOptions = {},
): Promise<T> {
  const init: RequestInit = {
    method,
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    credentials: 'same-origin',
    cache: 'no-store',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
  let response: Response;
  try {
    response = await fetcher(path + queryString(query), init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Unreachable(error);
  }
  clock.observe(response.headers.get('Date'));
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return (text === '' ? {} : JSON.parse(text)) as T;
}

function queryString(query: RequestOptions['query']): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Requests of a signed-in person. A token that expired in flight is renewed once and the request repeated. */
export class ApiClient {
  private readonly tokens: TokenSource;
  private readonly clock: ServerClock;
  private readonly fetcher: Fetch;

  constructor(tokens: TokenSource, clock: ServerClock, fetcher: Fetch = (input, init) => fetch(input, init)) {
    this.tokens = tokens;
    this.clock = clock;
    this.fetcher = fetcher;
  }

  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    try {
      return await this.send<T>(method, path, options);
    } catch (error) {
      if (!tokenIsStale(error) || !(await this.tokens.renew())) throw error;
      return await this.send<T>(method, path, options);
    }
  }

  private send<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    const token = this.tokens.accessToken();
    const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
    return exchange<T>(this.fetcher, this.clock, method, path, { ...options, headers });
  }
}

function tokenIsStale(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}
