import type { ApiClient } from './client';

/** A saved wall. */
export interface SavedLayout {
  /** `wall_layouts/{id}`. */
  name: string;
  display_name: string;
  /** The principal who saved it. */
  owner: string;
  /** Cameras, row by row; null is an empty tile. */
  tiles: (string | null)[];
  patrol?: { groups: string[][]; seconds: number } | null;
  /** The region whose people see it too; empty: its owner alone. */
  shared_with: string;
  etag: string;
}

/** What a person may write. */
export type LayoutDraft = Pick<SavedLayout, 'display_name' | 'tiles' | 'patrol' | 'shared_with'>;

/** Where walls are kept: the server, or this browser where the server keeps none. */
export interface LayoutShelf {
  list: (signal: AbortSignal) => Promise<SavedLayout[]>;
  create: (draft: LayoutDraft) => Promise<void>;
  /** Throws a problem 409 or 412 when somebody changed it meanwhile. */
  update: (saved: SavedLayout, draft: LayoutDraft) => Promise<void>;
  remove: (saved: SavedLayout) => Promise<void>;
  /** Whether others can be let in. */
  shares: boolean;
}

const PATH = '/v1/wall_layouts';

/** A layout as it travels: how many tiles, and the cameras of the first of them; null is an empty tile. */
interface Wire {
  name: string;
  display_name: string;
  owner: string;
  tiles: number;
  cameras?: (string | null)[];
  patrol?: { groups?: { cameras?: (string | null)[] }[]; seconds: number } | null;
  shared_with?: string;
  etag: string;
}

/** The gateway's shelf. */
export function serverShelf(api: ApiClient): LayoutShelf {
  return {
    shares: true,
    list: async (signal) => {
      const found: SavedLayout[] = [];
      let token = '';
      do {
        const page = await api.request<{ wall_layouts?: Wire[]; next_page_token?: string }>('GET', PATH, {
          query: { page_token: token },
          signal,
        });
        found.push(...(page.wall_layouts ?? []).map(fromWire));
        token = page.next_page_token ?? '';
      } while (token !== '');
      return found;
    },
    create: async (draft) => {
      await api.request('POST', PATH, { body: toWire(draft) });
    },
    update: async (saved, draft) => {
      const body = { ...toWire(draft), etag: saved.etag };
      await api.request('PATCH', `${PATH}/${idOf(saved)}`, { body });
    },
    remove: async (saved) => {
      await api.request('DELETE', `${PATH}/${idOf(saved)}`);
    },
  };
}

function fromWire({ tiles, cameras = [], patrol, shared_with = '', ...rest }: Wire): SavedLayout {
  const groups = (patrol?.groups ?? [])
    .map((group) => (group.cameras ?? []).filter((camera) => camera !== null))
    .filter((group) => group.length > 0);
  return {
    ...rest,
    shared_with,
    tiles: Array.from({ length: tiles }, (_, index) => cameras[index] ?? null),
    patrol: patrol && groups.length > 0 ? { groups, seconds: patrol.seconds } : null,
  };
}

function toWire({ tiles, patrol, ...rest }: LayoutDraft) {
  const groups = patrol?.groups.map((cameras) => ({ cameras }));
  return {
    ...rest,
    tiles: tiles.length,
    cameras: tiles,
    patrol: patrol && groups ? { groups, seconds: patrol.seconds } : null,
  };
}

function idOf(saved: SavedLayout): string {
  return encodeURIComponent(saved.name.slice(saved.name.lastIndexOf('/') + 1));
}

/** A shelf in this browser, of one person. */
export function browserShelf(storage: Storage, owner: string): LayoutShelf {
  const key = `snowlight.layouts.${owner}`;
  const read = (): SavedLayout[] => {
    try {
      const value: unknown = JSON.parse(storage.getItem(key) ?? '[]');
      return Array.isArray(value) ? (value as SavedLayout[]) : [];
    } catch {
      return [];
    }
  };
  const write = (layouts: SavedLayout[]): Promise<void> => {
    storage.setItem(key, JSON.stringify(layouts));
    return Promise.resolve();
  };
  return {
    shares: false,
    list: () => Promise.resolve(read()),
    create: (draft) =>
      write([...read(), { ...draft, name: `wall_layouts/${crypto.randomUUID()}`, owner, etag: '' }]),
    update: (saved, draft) =>
      write(read().map((each) => (each.name === saved.name ? { ...each, ...draft } : each))),
    remove: (saved) => write(read().filter((each) => each.name !== saved.name)),
  };
}
