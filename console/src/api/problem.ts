/** A refusal by the server, RFC 9457. */
export class Problem extends Error {
  readonly status: number;
  /** Stable code, "camera.already_exists"; empty when the answer was no problem document. */
  readonly code: string;
  /** The JSON field to mend, empty when the whole request is meant. */
  readonly field: string;

  constructor(status: number, code: string, detail: string, field: string) {
    super(detail || code || `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** No answer came at all: network, DNS, TLS, or a proxy in front of a gateway that is away. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('the server did not answer', { cause });
    this.name = 'Unreachable';
  }
}

/** Reads a refusal; whatever the body is, the status survives. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  const member = (key: string): string => {
    const value =
      typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[key] : undefined;
    return typeof value === 'string' ? value : '';
  };
  return new Problem(response.status, member('code'), member('detail') || member('title'), member('field'));
}

/** 502 to 504 come from a proxy or from a part that is away: for a person, the server is not there. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof Unreachable || (error instanceof Problem && error.status >= 502 && error.status <= 504)
  );
}

export function isForbidden(error: unknown): boolean {
  return error instanceof Problem && error.status === 403;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
