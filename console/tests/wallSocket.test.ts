import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { Problem } from '../src/api/problem';
import { WallSocket } from '../src/player/WallSocket';
import type { WallTickets, WatchListener } from '../src/player/watch';
import { FakeSocket } from './fakes';

let sockets: FakeSocket[];
let heard: string[];
let wall: WallSocket;
let tickets: { [Name in keyof WallTickets]: Mock<WallTickets[Name]> };

function listener(playable = true): WatchListener {
  return {
    onTicket: (watermark) => heard.push(`ticket ${watermark}`),
    onDescribed: (codecs) => {
      heard.push(`described ${codecs}`);
      return playable;
    },
    onUseless: (rendition, why) =>
      heard.push(`useless ${rendition} ${'codecs' in why ? why.codecs : why.code}`),
    onInit: (bytes) => heard.push(`init ${bytes.join()}`),
    onFragment: (bytes) => heard.push(`fragment ${bytes.join()}`),
    onDiscontinuity: () => heard.push('discontinuity'),
    onProblem: (problem, final) => heard.push(`${problem.code}${final ? ' final' : ''}`),
    onLost: () => heard.push('lost'),
  };
}

const socket = (): FakeSocket => sockets.at(-1) ?? expect.fail('no socket was opened');

async function opened(): Promise<FakeSocket> {
  socket().onopen?.();
  await vi.advanceTimersByTimeAsync(0);
  return socket();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  sockets = [];
  heard = [];
  let given = 0;
  tickets = {
    get: vi.fn((camera: string) => Promise.resolve({ ticket: `${camera} ${++given}`, watermark: '' })),
    drop: vi.fn(),
    revive: vi.fn(() => Promise.resolve()),
  };
  wall = new WallSocket({
    url: 'ws://gateway/ws',
    tickets,
    connect: () => {
      sockets.push(new FakeSocket());
      return socket() as unknown as WebSocket;
    },
    random: () => 0.5,
  });
});

afterEach(() => {
  wall.close();
  vi.useRealTimers();
});

describe('the socket of a wall', () => {
  it('is one for all tiles, and tells each what is its own', async () => {
    wall.watch('cameras/a', listener());
    wall.watch('cameras/b', listener());
    await opened();
    expect(sockets).toHaveLength(1);
    expect(socket().orders).toEqual([
      { op: 'watch', id: 1, ticket: 'cameras/a 1', silent: true },
      { op: 'watch', id: 2, ticket: 'cameras/b 2', silent: true },
    ]);
    heard = [];
    socket().tell({ id: 2, codecs: 'avc1.64001f', width: 640, height: 360 });
    socket().send5(2, 0, [1, 2]);
    socket().send5(2, 1, [3]);
    socket().send5(2, 2);
    socket().send5(99, 1, [4]);
    socket().send5(2, 77, [5]);
    expect(heard).toEqual(['described avc1.64001f', 'init 1,2', 'fragment 3', 'discontinuity']);
  });

  it('asks for the sound of a tile only while somebody wants to hear it', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    watch.hear(true);
    watch.hear(true);
    watch.hear(false);
    expect(socket().orders.slice(1)).toEqual([
      { op: 'stop', id: 1 },
      { op: 'watch', id: 2, ticket: 'cameras/a 1', silent: false },
      { op: 'stop', id: 2 },
      { op: 'watch', id: 3, ticket: 'cameras/a 1', silent: true },
    ]);
    expect(tickets.get).toHaveBeenCalledTimes(1);
  });

  it('is closed a while after the last tile has stopped, and opened for the next', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    watch.stop();
    expect(socket().orders.at(-1)).toEqual({ op: 'stop', id: 1 });
    await vi.advanceTimersByTimeAsync(6000);
    expect(socket().closed).toBe(true);
    wall.watch('cameras/a', listener());
    expect(sockets).toHaveLength(2);
  });

  it('that was cut comes back with growing pauses, and asks for all tiles again', async () => {
    wall.watch('cameras/a', listener());
    await opened();
    socket().onclose?.();
    expect(heard.at(-1)).toBe('lost');
    await vi.advanceTimersByTimeAsync(999);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(2);
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(1999);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    await opened();
    expect(socket().orders).toEqual([{ op: 'watch', id: 2, ticket: 'cameras/a 1', silent: true }]);
    expect(tickets.get).toHaveBeenCalledTimes(1);
  });

  it('on which nothing comes any more is given up for another', async () => {
    wall.watch('cameras/a', listener());
    const first = await opened();
    await vi.advanceTimersByTimeAsync(24_000);
    expect(first.closed).toBe(true);
    expect(sockets).toHaveLength(2);
  });

  it('asks anew for a tile that has fallen silent among others that have not', async () => {
    wall.watch('cameras/a', listener());
    wall.watch('cameras/b', listener());
    await opened();
    for (let second = 0; second < 14; second += 1) {
      socket().send5(2, 1, [1]);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(sockets).toHaveLength(1);
    expect(socket().orders.slice(2)).toMatchObject([
      { op: 'stop', id: 1 },
      { op: 'watch', id: 3 },
    ]);
  });
});

describe('a tile', () => {
  it('whose camera is away is asked for again, later each time, with the same ticket', async () => {
    wall.watch('cameras/a', listener());
    await opened();
    for (const pause of [1000, 2000, 4000]) {
      const { lastId } = socket();
      socket().refuse(lastId, 503, 'camera.offline', 'camera.unreachable');
      expect(heard.at(-1)).toBe('camera.offline');
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(socket().lastId).toBe(lastId);
      await vi.advanceTimersByTimeAsync(1);
      expect(socket().lastId).toBe(lastId + 1);
    }
    expect(tickets.drop).not.toHaveBeenCalled();
  });

  it('whose ticket was revoked asks for a new one at once, and ends where there is none to be had', async () => {
    wall.watch('cameras/a', listener());
    await opened();
    socket().send5(1, 1, [1]);
    tickets.get.mockImplementation(() => Promise.reject(new Problem(403, 'auth.denied', 'no', '')));
    socket().refuse(1, 403, 'ticket.revoked');
    await vi.advanceTimersByTimeAsync(0);
    expect(tickets.drop).toHaveBeenCalledWith('cameras/a');
    expect(heard.slice(-2)).toEqual(['ticket.revoked', 'auth.denied final']);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(tickets.get).toHaveBeenCalledTimes(2);
  });

  it('whose ticket sleeps has it woken', async () => {
    wall.watch('cameras/a', listener());
    await opened();
    socket().refuse(1, 410, 'ticket.idle');
    await vi.advanceTimersByTimeAsync(0);
    expect(tickets.revive).toHaveBeenCalledWith('cameras/a');
    expect(socket().orders.at(-1)).toMatchObject({ op: 'watch', id: 2 });
  });

  it('that others crowd out is the matter of the person, who may ask again', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    socket().refuse(1, 403, 'ticket.too_many_viewers');
    expect(heard.at(-1)).toBe('ticket.too_many_viewers final');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket().lastId).toBe(1);
    watch.again();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket().lastId).toBe(2);
  });

  it('that cannot be played costs nothing further', async () => {
    wall.watch('cameras/a', listener(false));
    await opened();
    socket().tell({ id: 1, codecs: 'hvc1.1.6.L93.B0', width: 1, height: 1 });
    expect(socket().orders.at(-1)).toEqual({ op: 'stop', id: 1 });
    socket().send5(1, 1, [1]);
    expect(heard.at(-1)).toBe('useless main hvc1.1.6.L93.B0');
  });

  it('hears nothing that was meant for its earlier order', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    watch.again();
    await vi.advanceTimersByTimeAsync(0);
    heard = [];
    socket().send5(1, 1, [1]);
    socket().send5(2, 1, [2]);
    expect(heard).toEqual(['fragment 2']);
  });
});

describe('another rendition', () => {
  it('is asked for beside the one that is shown, which stops once the other has come', async () => {
    const watch = wall.watch('cameras/a', listener(), 'sub');
    await opened();
    expect(socket().orders).toEqual([
      { op: 'watch', id: 1, ticket: 'cameras/a 1', silent: true, rendition: 'sub' },
    ]);
    socket().send5(1, 1, [1]);
    watch.show('main');
    expect(socket().orders.slice(1)).toEqual([{ op: 'watch', id: 2, ticket: 'cameras/a 1', silent: true }]);
    heard = [];
    socket().send5(1, 1, [2]);
    socket().tell({ id: 2, codecs: 'avc1.64001f', width: 640, height: 360 });
    expect(socket().orders.at(-1)).toEqual({ op: 'stop', id: 1 });
    socket().send5(2, 0, [3]);
    socket().send5(1, 1, [4]);
    socket().send5(2, 1, [5]);
    expect(heard).toEqual(['fragment 2', 'described avc1.64001f', 'init 3', 'fragment 5']);
  });

  it('that is refused leaves what is shown', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    socket().send5(1, 1, [1]);
    watch.show('h264');
    socket().refuse(2, 429, 'transcode.no_capacity');
    expect(heard.at(-1)).toBe('useless h264 transcode.no_capacity');
    socket().send5(1, 1, [2]);
    expect(heard.at(-1)).toBe('fragment 2');
    watch.show('h264');
    expect(socket().orders.at(-1)).toMatchObject({ op: 'watch', id: 3, rendition: 'h264' });
  });

  it('that nobody wants any more is stopped before it comes', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    watch.show('sub');
    watch.show('main');
    expect(socket().orders.slice(1)).toMatchObject([
      { op: 'watch', id: 2, rendition: 'sub' },
      { op: 'stop', id: 2 },
    ]);
    socket().send5(1, 1, [1]);
    expect(heard.at(-1)).toBe('fragment 1');
  });

  it('takes the place of one that was refused, and of one that is lost with its socket', async () => {
    const watch = wall.watch('cameras/a', listener(), 'sub');
    await opened();
    socket().refuse(1, 503, 'live.rendition_away');
    expect(heard.at(-1)).toBe('useless sub live.rendition_away');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket().lastId).toBe(1);
    watch.show('main');
    await vi.advanceTimersByTimeAsync(0);
    expect(socket().orders.at(-1)).toEqual({ op: 'watch', id: 2, ticket: 'cameras/a 2', silent: true });
    watch.show('sub');
    socket().onclose?.();
    await vi.advanceTimersByTimeAsync(2000);
    await opened();
    expect(socket().orders).toMatchObject([{ op: 'watch', id: 4, rendition: 'sub' }]);
  });

  it('that is refused with its ticket asks for another ticket', async () => {
    const watch = wall.watch('cameras/a', listener());
    await opened();
    socket().send5(1, 1, [1]);
    watch.show('sub');
    socket().refuse(2, 403, 'ticket.revoked');
    await vi.advanceTimersByTimeAsync(0);
    expect(tickets.drop).toHaveBeenCalledWith('cameras/a');
    expect(socket().orders.at(-1)).toMatchObject({ op: 'watch', ticket: 'cameras/a 2', rendition: 'sub' });
  });
});
