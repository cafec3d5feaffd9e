import type { FavouritesAnswer } from '../api/favourites';
import { Problem } from '../api/problem';

/** How often a change is made anew after somebody else's, in another window of the same person. */
const ATTEMPTS = 3;

export interface FavouriteStore {
  get: () => Promise<FavouritesAnswer>;
  /** Rejects with a Problem of status 409 when `etag` is old. */
  put: (cameras: string[], etag: string) => Promise<FavouritesAnswer>;
}

/** One person's favourites. Changes are made one after the other, each to the newest list. */
export class Favourites {
  private known: FavouritesAnswer | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private readonly store: FavouriteStore;
  private readonly onChange: (cameras: readonly string[]) => void;

  constructor(store: FavouriteStore, onChange: (cameras: readonly string[]) => void) {
    this.store = store;
    this.onChange = onChange;
  }

  load(): Promise<void> {
    return this.queued(async () => this.take(await this.store.get()));
  }

  /** A new one goes to the end. Rejects with what the server refused; the list is then as before. */
  set(camera: string, favourite: boolean): Promise<void> {
    return this.queued(async () => {
      for (let attempt = 1; ; attempt += 1) {
        const { cameras, etag } = this.known ?? (await this.store.get());
        const others = cameras.filter((each) => each !== camera);
        try {
          this.take(await this.store.put(favourite ? [...others, camera] : others, etag));
          return;
        } catch (error) {
          this.known = null;
          const outdated = error instanceof Problem && error.status === 409;
          if (!outdated || attempt === ATTEMPTS) throw error;
        }
      }
    });
  }

  private take(answer: FavouritesAnswer): void {
    this.known = answer;
    this.onChange(answer.cameras);
  }

  private queued(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }
}
