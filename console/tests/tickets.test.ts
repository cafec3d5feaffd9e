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

  it('open the whole day at once, so that a look at its previews asks for no other', async () => {
    const { asked } = office(HOUR);
    const day = { start: NOW - 8 * HOUR, end: NOW + 16 * HOUR };
    const tickets = dayOffice(asked, day, () => true);
    const [url, previews] = await Promise.all([
      tickets.recordedUrl(hour, false, 'vod.iframes.m3u8'),
      tickets.previews(NOW - 7 * HOUR),
    ]);
    expect(url).toContain('/hls/t1/vod.iframes.m3u8?start=');
    expect(previews).toBe('/snapshot/t1');
    expect(asked).toHaveLength(1);
  });

  it('open the same pictures encoded anew, with no other line in the audit', async () => {
    const { office: tickets, asked } = office(12 * HOUR);
    const own = await tickets.recordedUrl(hour, false);
    expect(await tickets.recordedUrl(hour, false, 'vod.m3u8', 'h264')).toBe(`${own}&rendition=h264`);
    expect(asked).toHaveLength(1);
    const answer = {
      ticket: 't',
      expire_time: new Date(NOW + HOUR).toISOString(),
      urls: { hls: '/hls/t/live.m3u8' },
    };
    const fetcher: Fetch = () => Promise.resolve(new Response(JSON.stringify(answer)));
    const tokens = { accessToken: () => 'token', renew: () => Promise.resolve(false) };
    const live = new TicketOffice(
      new ApiClient(tokens, new ServerClock(), fetcher),
      'cameras/gate',
      () => NOW,
    );
    expect(await live.liveUrl(false, 'h264')).toBe('/hls/t/live/h264/media.m3u8');
    expect(await live.liveUrl(false)).toBe('/hls/t/live.m3u8');
  });

  it('open at most 24 hours of a longer day, and those that hold what is asked', async () => {
    const asked: { start: string; end: string }[] = [];
    const day = { start: NOW, end: NOW + 25 * HOUR };
    const tickets = dayOffice(asked, day, () => true);
    await tickets.previews(NOW + HOUR);
    await tickets.previews(NOW + 24.5 * HOUR);
    expect(asked.map(({ start, end }) => Date.parse(end) - Date.parse(start))).toEqual([
      24 * HOUR,
      24 * HOUR,
    ]);
    expect(Date.parse(asked[1]?.end ?? '')).toBe(day.end);
  });

  it('are of the range alone where a day is refused', async () => {
    const asked: { start: string; end: string }[] = [];
    const day = { start: NOW - 8 * HOUR, end: NOW + 16 * HOUR };
    const tickets = dayOffice(asked, day, ({ start, end }) => Date.parse(end) - Date.parse(start) <= HOUR);
    expect(await tickets.recordedUrl(hour, false)).toContain('/hls/t2/');
  });
});

function dayOffice(
  asked: unknown[],
  day: { start: number; end: number },
  may: (body: { start: string; end: string }) => boolean,
): TicketOffice {
  const fetcher: Fetch = (_path, init) => {
    const body = JSON.parse(init.body as string) as { start: string; end: string };
    asked.push(body);
    const ticket = `t${asked.length}`;
    const expire_time = new Date(NOW + 2 * HOUR).toISOString();
    const answer = { ticket, expire_time, urls: { hls: `/hls/${ticket}/vod.m3u8` } };
    return Promise.resolve(
      may(body) ? new Response(JSON.stringify(answer)) : new Response('{}', { status: 403 }),
    );
  };
  const tokens = { accessToken: () => 'token', renew: () => Promise.resolve(false) };
  const api = new ApiClient(tokens, new ServerClock(), fetcher);
  return new TicketOffice(api, 'cameras/gate', () => NOW, day);
}
