import { describe, expect, it } from 'vitest';
import { ApiClient, type Fetch } from '../src/api/client';
import { ServerClock } from '../src/api/clock';
import { browserShelf, serverShelf, type SavedLayout } from '../src/api/wallLayouts';

const DRAFT = { display_name: '夜班', tiles: ['cameras/a', null, null, null], patrol: null, shared_with: '' };
const SAVED: SavedLayout = { ...DRAFT, name: 'wall_layouts/w1', owner: 'principals/chen', etag: 'e1' };

function server(...answers: object[]) {
  const asked: { method: string; path: string; body: unknown }[] = [];
  const fetcher: Fetch = (path, init) => {
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : null;
    asked.push({ method: init.method ?? '', path, body });
    return Promise.resolve(new Response(JSON.stringify(answers.shift() ?? {})));
  };
  const tokens = { accessToken: () => 'token', renew: () => Promise.resolve(false) };
  return { asked, shelf: serverShelf(new ApiClient(tokens, new ServerClock(), fetcher)) };
}

function memory(): Storage {
  const held = new Map<string, string>();
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
  } as Storage;
}

describe('the shelf of the server', () => {
  const wire = { ...SAVED, tiles: 4, cameras: ['cameras/a', null] };

  it('is read to its last page', async () => {
    const { asked, shelf } = server(
      { wall_layouts: [wire], next_page_token: 'p' },
      { wall_layouts: [{ ...wire, name: 'wall_layouts/w2' }] },
    );
    const found = await shelf.list(new AbortController().signal);
    expect(found).toEqual([SAVED, { ...SAVED, name: 'wall_layouts/w2' }]);
    expect(asked.map(({ path }) => path)).toEqual(['/v1/wall_layouts', '/v1/wall_layouts?page_token=p']);
  });

  it('tells of a patrol the cameras that this person sees', async () => {
    const groups = [{ cameras: [null, 'cameras/b'] }, { cameras: [null] }];
    const { shelf } = server({ wall_layouts: [{ ...wire, patrol: { groups, seconds: 15 } }] });
    const [found] = await shelf.list(new AbortController().signal);
    expect(found?.patrol).toEqual({ groups: [['cameras/b']], seconds: 15 });
  });

  it('takes new walls, shared or not, and changes those it has by their etag', async () => {
    const { asked, shelf } = server();
    const shared = { ...DRAFT, shared_with: 'regions/421381' };
    await shelf.create(shared);
    await shelf.update(SAVED, { ...DRAFT, patrol: { groups: [['cameras/b']], seconds: 15 } });
    await shelf.remove(SAVED);
    const body = { ...DRAFT, tiles: 4, cameras: DRAFT.tiles };
    expect(asked).toEqual([
      { method: 'POST', path: '/v1/wall_layouts', body: { ...body, shared_with: 'regions/421381' } },
      {
        method: 'PATCH',
        path: '/v1/wall_layouts/w1',
        body: { ...body, patrol: { groups: [{ cameras: ['cameras/b'] }], seconds: 15 }, etag: 'e1' },
      },
      { method: 'DELETE', path: '/v1/wall_layouts/w1', body: null },
    ]);
  });
});

describe('the shelf of this browser', () => {
  it('keeps the walls of each person apart', async () => {
    const storage = memory();
    const mine = browserShelf(storage, 'principals/chen');
    await mine.create(DRAFT);
    const [saved] = await mine.list(new AbortController().signal);
    expect(saved).toMatchObject({ ...DRAFT, owner: 'principals/chen' });
    expect(await browserShelf(storage, 'principals/wang').list(new AbortController().signal)).toEqual([]);
    if (saved) await mine.update(saved, { ...DRAFT, display_name: '白班' });
    expect((await mine.list(new AbortController().signal))[0]?.display_name).toBe('白班');
    if (saved) await mine.remove(saved);
    expect(await mine.list(new AbortController().signal)).toEqual([]);
  });
});
