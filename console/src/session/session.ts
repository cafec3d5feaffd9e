import { exchange, type Fetch } from '../api/client';
import type { ServerClock } from '../api/clock';
import { Problem } from '../api/problem';
import type { Principal, SessionAnswer } from '../api/types';

const PATH = '/v1/session';

/**
 * The person's session. The access token lives in this object only; what survives a reload is a cookie that
 * scripts cannot read, and the renew header keeps other sites from using it.
 */
export class Session {
  private token: string | null = null;
  private renewing: Promise<Principal | null> | null = null;
  /** Epoch milliseconds by this browser's clock at which the token should be renewed. */
  renewAt = Infinity;
  private readonly clock: ServerClock;
  private readonly fetcher: Fetch;
  private readonly local: () => number;

  constructor(
    clock: ServerClock,
    fetcher: Fetch = (input, init) => fetch(input, init),
    local: () => number = Date.now,
  ) {
    this.clock = clock;
    this.fetcher = fetcher;
    this.local = local;
  }

  accessToken = (): string | null => this.token;

  /** `newPassword` takes the place of a temporary one, "" where the password is the person's own. */
  async signIn(username: string, password: string, newPassword = ''): Promise<Principal> {
    const body = { username, password, ...(newPassword === '' ? {} : { new_password: newPassword }) };
    return this.adopt(await exchange<SessionAnswer>(this.fetcher, this.clock, 'POST', PATH, { body }));
  }

  /** The principal behind the cookie, or null when there is no session any more. Callers at once share one request. */
  renew(): Promise<Principal | null> {
    this.renewing ??= this.renewOnce().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  async signOut(): Promise<void> {
    this.forget();
    await exchange(this.fetcher, this.clock, 'DELETE', PATH, { headers: { 'X-Snowlight-Session': 'renew' } });
  }

  forget(): void {
    this.token = null;
    this.renewAt = Infinity;
  }

  private async renewOnce(): Promise<Principal | null> {
    try {
      const headers = { 'X-Snowlight-Session': 'renew' };
      return this.adopt(await exchange<SessionAnswer>(this.fetcher, this.clock, 'POST', PATH, { headers }));
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
        this.forget();
        return null;
      }
      throw error;
    }
  }

  private adopt(answer: SessionAnswer): Principal {
    this.token = answer.access_token;
    this.renewAt = this.local() + Math.max(answer.expires_in * 0.8, 10) * 1000;
    return answer.principal;
  }
}
