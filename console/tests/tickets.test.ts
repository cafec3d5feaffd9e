import { describe, expect, it } from 'vitest';
import { ApiClient, type Fetch } from '../src/api/client';
import { ServerClock } from '../src/api/clock';
import { TicketOffice } from '../src/api/tickets';

const NOW = Date.parse('2025-11-22T08:00:00Z');
const HOUR = 3_600_000;

function office(lifetime: number): { office: TicketOffice; asked: unknown[] } {
  const asked: unknown[] = [];
  const fetcher: Fetch = (_path, init) => {
    asked.push(JSON.parse(init.body as string));
    const ticket = `t${asked.length}`;
    const hls = `/hls/${ticket}/vod.m3u8?start=a&end=b`;
    const expire_time = new Date(NOW + lifetime).toISOString();
    return Promise.resolve(new Response(JSON.stringify({ ticket, expire_time, urls: { hls } })));
  };
  const tokens = { accessToken: () => 'token', renew: () => Promise.resolve(false) };
  const api = new ApiClient(tokens, new ServerClock(), fetcher);
  return { office: new TicketOffice(api, 'cameras/gate', () => NOW), asked };
}

const hour = { start: NOW - 2 * HOUR, end: NOW - HOUR };

describe('tickets', () => {
  it('say what must be drawn over the picture', async () => {
    const answers = [{ watermark: '李明' }, {}];
    const fetcher: Fetch = () => {
      const answer = {
        ticket: 't',
        expire_time: new Date(NOW).toISOString(),
        urls: { hls: '/hls/t/live.m3u8' },
      };
      return Promise.resolve(new Response(JSON.stringify({ ...answer, ...answers.shift() })));
    };
    const tokens = { accessToken: () => 'token', renew: () => Promise.resolve(false) };
    const api = new ApiClient(tokens, new ServerClock(), fetcher);
    const tickets = new TicketOffice(api, 'cameras/gate', () => NOW);
    await tickets.liveUrl(false);
    expect(tickets.watermark).toBe('李明');
    await tickets.liveUrl(true);
    expect(tickets.watermark).toBe('');
  });

  it('are asked for the window that is watched', async () => {
    const { office: tickets, asked } = office(12 * HOUR);
    const url = await tickets.recordedUrl(hour, false);
    expect(asked).toEqual([
      { action: 'playback', start: '2025-11-22T06:00:00.000Z', end: '2025-11-22T07:00:00.000Z' },
    ]);
    expect(url).toBe(
      '/hls/t1/vod.m3u8?start=2025-11-22T06%3A00%3A00.000Z&end=2025-11-22T07%3A00%3A00.000Z&gaps=show',
    );
  });

  it('serve again for any part of their window, and not beyond it', async () => {
    const { office: tickets, asked } = office(12 * HOUR);
    await tickets.recordedUrl(hour, false);
    expect(await tickets.recordedUrl({ ...hour, start: hour.start + 60_000 }, false)).toContain('/hls/t1/');
    expect(await tickets.recordedUrl({ ...hour, start: hour.start - 1 }, false)).toContain('/hls/t2/');
    expect(asked).toHaveLength(2);
  });

  it('are replaced when the media path refused them or they are about to expire', async () => {
    const lasting = office(12 * HOUR);
    await lasting.office.liveUrl(false);
    expect(await lasting.office.liveUrl(false)).toContain('/hls/t1/');
    expect(await lasting.office.liveUrl(true)).toContain('/hls/t2/');
    const brief = office(30_000);
    await brief.office.liveUrl(false);
    expect(await brief.office.liveUrl(false)).toContain('/hls/t2/');
  });
});
