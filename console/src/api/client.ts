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
  /** Sent as it is, in place of a JSON body. */
  content?: { type: string; data: Blob };
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
  options: RequestOptions = {},
): Promise<T> {
  const response = await open(fetcher, clock, method, path, options);
  const text = await response.text();
  return (text === '' ? {} : JSON.parse(text)) as T;
}

/** The answer as it comes; refusals are thrown. */
async function open(
  fetcher: Fetch,
  clock: ServerClock,
  method: string,
  path: string,
  { query, body, content, headers, signal }: RequestOptions,
): Promise<Response> {
  const type = content?.type ?? (body === undefined ? undefined : 'application/json');
  const sent = content?.data ?? (body === undefined ? undefined : JSON.stringify(body));
  const init: RequestInit = {
    method,
    headers: {
      Accept: 'application/json',
      ...(type === undefined ? {} : { 'Content-Type': type }),
      ...headers,
    },
    credentials: 'same-origin',
    cache: 'no-store',
    ...(sent === undefined ? {} : { body: sent }),
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
  return response;
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

  request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    return this.renewing(() => exchange<T>(this.fetcher, this.clock, method, path, this.authorized(options)));
  }

  /** The answer as it comes, for streams and files. */
  open(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    return this.renewing(() => open(this.fetcher, this.clock, method, path, this.authorized(options)));
  }

  private async renewing<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (!tokenIsStale(error) || !(await this.tokens.renew())) throw error;
      return await send();
    }
  }

  private authorized(options: RequestOptions): RequestOptions {
    const token = this.tokens.accessToken();
    const authorization: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
    return { ...options, headers: { ...options.headers, ...authorization } };
  }
}

function tokenIsStale(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}
