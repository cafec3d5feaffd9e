import { describe, expect, it } from 'vitest';
import { Problem } from '../src/api/problem';
import { Favourites } from '../src/cameras/favourites';

/** The server's list, as another window of the same person changes it too. */
class Shelf {
  cameras: string[] = [];
  version = 1;
  refusal: Problem | null = null;

  get = () => Promise.resolve({ cameras: [...this.cameras], etag: String(this.version) });

  put = (cameras: string[], etag: string) => {
    if (this.refusal) return Promise.reject(this.refusal);
    if (etag !== String(this.version)) return Promise.reject(new Problem(409, 'favourites.changed', '', ''));
    this.cameras = cameras;
    this.version += 1;
    return this.get();
  };
}

describe('favourites', () => {
  it('are kept in order, and changes made at once do not lose each other', async () => {
    const shelf = new Shelf();
    const seen: (readonly string[])[] = [];
    const favourites = new Favourites(shelf, (cameras) => seen.push(cameras));
    await favourites.load();
    await Promise.all([favourites.set('a', true), favourites.set('b', true), favourites.set('a', false)]);
    expect(seen).toEqual([[], ['a'], ['a', 'b'], ['b']]);
  });

  it('keep what another window has added meanwhile', async () => {
    const shelf = new Shelf();
    const favourites = new Favourites(shelf, () => undefined);
    await favourites.load();
    shelf.cameras = ['elsewhere'];
    shelf.version = 7;
    await favourites.set('here', true);
    expect(shelf.cameras).toEqual(['elsewhere', 'here']);
  });

  it('tell a refusal and go on', async () => {
    const shelf = new Shelf();
    const favourites = new Favourites(shelf, () => undefined);
    shelf.refusal = new Problem(400, 'favourites.too_many', '', 'cameras');
    await expect(favourites.set('a', true)).rejects.toThrow('favourites.too_many');
    shelf.refusal = null;
    await favourites.set('b', true);
    expect(shelf.cameras).toEqual(['b']);
  });
});
