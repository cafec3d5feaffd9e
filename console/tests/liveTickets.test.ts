import { describe, expect, it } from 'vitest';
import { ApiClient, type Fetch } from '../src/api/client';
import { ServerClock } from '../src/api/clock';
import { LiveTickets } from '../src/api/liveTickets';

const NOW = Date.parse('2025-11-22T08:00:00Z');

function office(denied: readonly string[] = []) {
  const asked: { path: string; body: { requests?: { camera: string; action: string }[] } }[] = [];
  let given = 0;
  const fetcher: Fetch = (path, init) => {
    const body = JSON.parse(init.body as string) as (typeof asked)[number]['body'];
    asked.push({ path, body });
    const tickets = (body.requests ?? []).map(({ camera }) =>
      denied.includes(camera)
        ? { error: { status: 403, code: 'auth.denied', detail: 'no' } }
        : { ticket: `t${++given}`, expire_time: new Date(NOW + 3_600_000).toISOString(), urls: { hls: '/' } },
    );
    return Promise.resolve(new Response(JSON.stringify({ tickets })));
  };
  const tokens = { accessToken: () => 'token', renew: () => Promise.resolve(false) };
  return { asked, tickets: new LiveTickets(new ApiClient(tokens, new ServerClock(), fetcher), () => NOW) };
}

describe('tickets of a wall', () => {
  it('that are wanted at once are asked for in one request, and one denied is none of the others denied', async () => {
    const { asked, tickets } = office(['cameras/b']);
    const settled = await Promise.allSettled(
      ['cameras/a', 'cameras/b', 'cameras/c'].map((camera) => tickets.get(camera)),
    );
    expect(asked).toHaveLength(1);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { status: 403, code: 'auth.denied' } });
  });

  it('are asked for in as many requests as their number takes', async () => {
    const { asked, tickets } = office();
    await Promise.all(Array.from({ length: 201 }, (_, index) => tickets.get(`cameras/${index}`)));
    expect(asked.map(({ body }) => body.requests?.length)).toEqual([200, 1]);
  });

  it('are kept until one is dropped', async () => {
    const { asked, tickets } = office();
    const { ticket } = await tickets.get('cameras/a');
    expect((await tickets.get('cameras/a')).ticket).toBe(ticket);
    tickets.drop('cameras/a');
    expect((await tickets.get('cameras/a')).ticket).not.toBe(ticket);
    expect(asked).toHaveLength(2);
  });

  it('that sleep are woken by their own name', async () => {
    const { asked, tickets } = office();
    const { ticket } = await tickets.get('cameras/a');
    await tickets.revive('cameras/a');
    expect(asked.at(-1)).toEqual({ path: '/v1/tickets:revive', body: { ticket } });
    expect((await tickets.get('cameras/a')).ticket).toBe(ticket);
  });
});
