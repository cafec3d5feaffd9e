import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Camera, CameraState } from '../src/api/types';
import { CameraFeed } from '../src/cameras/feed';
import { RegistryStore } from '../src/cameras/registry';

const camera = (id: string, state: CameraState, display_name = id) =>
  ({ name: `cameras/${id}`, region: 'regions/1', display_name, state, state_reason: '' }) as Camera;
const state = (id: string, told: CameraState) => ({
  type: 'camera_state',
  data: JSON.stringify({ name: `cameras/${id}`, state: told, state_reason: '' }),
});
const changed = (told: Camera) => ({ type: 'camera_changed', data: JSON.stringify(told) });
const event = (type: string) => ({ type, data: '{}' });
const summary = (feed: CameraFeed) =>
  feed.list().map((each) => `${each.name.slice(8)} ${each.display_name} ${each.state}`);

describe('cameras that are told by events', () => {
  it('have the newest state, whether it was told before, during or after the list', () => {
    const feed = new CameraFeed();
    feed.beginList();
    expect(feed.take(state('a', 'OFFLINE'))).toBe('same');
    feed.endList([camera('a', 'ONLINE'), camera('b', 'ONLINE')]);
    expect(summary(feed)).toEqual(['a a OFFLINE', 'b b ONLINE']);
    expect(feed.take(state('b', 'CONNECTING'))).toBe('changed');
    expect(feed.take(state('b', 'CONNECTING'))).toBe('same');
    expect(summary(feed)).toEqual(['a a OFFLINE', 'b b CONNECTING']);
  });

  it('keep their state when they are renamed, come when registered and go when deleted', () => {
    const feed = new CameraFeed();
    feed.beginList();
    feed.endList([camera('a', 'ONLINE')]);
    feed.take(changed(camera('a', 'CONNECTING', 'new name')));
    feed.take(changed(camera('b', 'CONNECTING')));
    expect(summary(feed)).toEqual(['a new name ONLINE', 'b b CONNECTING']);
    feed.take({ type: 'camera_deleted', data: '{"name":"cameras/a"}' });
    expect(summary(feed)).toEqual(['b b CONNECTING']);
  });

  it('are gone when all was told anew without them; of an unknown one the list is read once', () => {
    const feed = new CameraFeed();
    feed.beginList();
    feed.endList([camera('a', 'ONLINE'), camera('b', 'ONLINE')]);
    expect(feed.take(event('reset'))).toBe('same');
    feed.take(state('a', 'ONLINE'));
    expect(feed.take(state('x', 'ONLINE'))).toBe('unknown');
    expect(feed.take(event('synced'))).toBe('changed');
    expect(summary(feed)).toEqual(['a a ONLINE']);
    expect(feed.take(state('x', 'OFFLINE'))).toBe('same');
    expect(feed.take(event('reset'))).toBe('unknown');
  });
});

describe('the registry', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('reads once, follows events, and is read again after a failure alone', async () => {
    let reads = 0;
    let say: (text: string) => void = () => undefined;
    const encoder = new TextEncoder();
    const store = new RegistryStore({
      regions: () =>
        Promise.resolve([{ name: 'regions/1', parent: '', level: 'VILLAGE', display_name: 'V' }]),
      cameras: () => {
        reads += 1;
        return reads === 1 ? Promise.reject(new Error('away')) : Promise.resolve([camera('a', 'ONLINE')]);
      },
      events: () => {
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            say = (text) => controller.enqueue(encoder.encode(text));
          },
        });
        return Promise.resolve(new Response(body));
      },
    });
    store.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(store.get().phase).toBe('failed');
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.get()).toMatchObject({ phase: 'ready', stale: false });
    say(`event: camera_state\ndata: ${state('a', 'OFFLINE').data}\n\n`);
    await vi.advanceTimersByTimeAsync(200);
    expect(store.get().cameras[0]?.state).toBe('OFFLINE');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(reads).toBe(2);
    store.stop();
  });
});
