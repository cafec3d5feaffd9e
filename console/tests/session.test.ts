import { describe, expect, it } from 'vitest';
import { ApiClient, type Fetch } from '../src/api/client';
import { ServerClock } from '../src/api/clock';
import { isAway, Problem, Unreachable } from '../src/api/problem';
import { Session } from '../src/session/session';

interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
}

/** A server in a function: answers in order, and remembers what it was asked. */
function server(...answers: (() => Response | Promise<never>)[]): { fetcher: Fetch; calls: Call[] } {
  const calls: Call[] = [];
  const fetcher: Fetch = (path, init) => {
    calls.push({ method: init.method ?? '', path, headers: init.headers as Record<string, string> });
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`nothing left to answer ${path}`);
    return Promise.resolve(answer());
  };
  return { fetcher, calls };
}

const json =
  (body: unknown, status = 200) =>
  () =>
    new Response(JSON.stringify(body), { status });
const session = (token: string) =>
  json({
    access_token: token,
    expires_in: 600,
    principal: { name: 'principals/li', display_name: '李', roles: [] },
  });
const problem = (status: number, code: string) => json({ status, code, detail: `${code} happened` }, status);

describe('a session', () => {
  it('renews from the cookie with the header that other sites cannot send', async () => {
    const { fetcher, calls } = server(session('a'));
    const person = new Session(new ServerClock(), fetcher, () => 0);
    expect((await person.renew())?.name).toBe('principals/li');
    expect(calls[0]).toMatchObject({ method: 'POST', path: '/v1/session' });
    expect(calls[0]?.headers['X-Snowlight-Session']).toBe('renew');
    expect(person.accessToken()).toBe('a');
    expect(person.renewAt).toBe(480_000);
  });

  it('is over when the cookie is refused, and only then', async () => {
    const { fetcher } = server(problem(401, 'auth.session_missing'), () =>
      Promise.reject(new TypeError('no network')),
    );
    const person = new Session(new ServerClock(), fetcher);
    expect(await person.renew()).toBeNull();
    await expect(person.renew()).rejects.toBeInstanceOf(Unreachable);
  });

  it('renews once for all who ask at the same time', async () => {
    const { fetcher, calls } = server(session('a'));
    const person = new Session(new ServerClock(), fetcher);
    await Promise.all([person.renew(), person.renew(), person.renew()]);
    expect(calls).toHaveLength(1);
  });

  it('tells a wrong password from a server that is away', async () => {
    const { fetcher } = server(problem(401, 'auth.invalid_grant'), json('', 502));
    const person = new Session(new ServerClock(), fetcher);
    const wrong: unknown = await person.signIn('li', 'x').catch((error: unknown) => error);
    expect(wrong).toMatchObject({ status: 401, code: 'auth.invalid_grant' });
    expect(isAway(wrong)).toBe(false);
    expect(isAway(await person.signIn('li', 'x').catch((error: unknown) => error))).toBe(true);
  });
});

describe('requests', () => {
  it('carry the token, and repeat once with a new one when it has expired', async () => {
    const { fetcher, calls } = server(
      session('old'),
      problem(401, 'auth.token_expired'),
      session('new'),
      json({ regions: [] }),
    );
    const clock = new ServerClock();
    const person = new Session(clock, fetcher);
    await person.renew();
    const tokens = { accessToken: person.accessToken, renew: async () => (await person.renew()) !== null };
    await new ApiClient(tokens, clock, fetcher).request('GET', '/v1/regions');
    expect(calls.map((call) => call.headers['Authorization'])).toEqual([
      undefined,
      'Bearer old',
      undefined,
      'Bearer new',
    ]);
  });

  it('give up when the session cannot be renewed', async () => {
    const { fetcher, calls } = server(problem(401, 'auth.token_expired'));
    const tokens = { accessToken: () => 'old', renew: () => Promise.resolve(false) };
    const request = new ApiClient(tokens, new ServerClock(), fetcher).request('GET', '/v1/regions');
    await expect(request).rejects.toBeInstanceOf(Problem);
    expect(calls).toHaveLength(1);
  });

  it('name the field that a problem is about', async () => {
    const { fetcher } = server(
      json({ status: 400, code: 'camera.url', detail: 'bad', field: 'source_url' }, 400),
    );
    const tokens = { accessToken: () => 't', renew: () => Promise.resolve(false) };
    const request = new ApiClient(tokens, new ServerClock(), fetcher).request('POST', '/v1/cameras', {
      body: {},
    });
    await expect(request).rejects.toMatchObject({ field: 'source_url', message: 'bad' });
  });
});

describe("the server's clock", () => {
  it('corrects a computer that is minutes off and leaves one alone that is right', () => {
    const local = Date.parse('2025-11-22T08:00:00.400Z');
    const clock = new ServerClock(() => local);
    clock.observe('Sat, 22 Nov 2025 08:00:01 GMT');
    expect(clock.now()).toBe(local);
    clock.observe('Sat, 22 Nov 2025 08:05:00 GMT');
    expect(clock.now() - local).toBeGreaterThan(299_000);
    clock.observe(null);
    clock.observe('never');
    expect(clock.now() - local).toBeGreaterThan(299_000);
  });
});
