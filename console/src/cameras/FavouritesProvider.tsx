import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { getFavourites, putFavourites } from '../api/favourites';
import { useSession } from '../session/SessionProvider';
import { Favourites } from './favourites';

interface FavouritesContextValue {
  names: ReadonlySet<string>;
  /** False until they could be read: a star would be a guess. */
  known: boolean;
  /** Rejects with what the server refused. */
  set: (camera: string, favourite: boolean) => Promise<void>;
}

const FavouritesContext = createContext<FavouritesContextValue | null>(null);

export function FavouritesProvider({ children }: { children: ReactNode }) {
  const { api } = useSession();
  const [names, setNames] = useState<ReadonlySet<string> | null>(null);
  const favourites = useMemo(
    () =>
      new Favourites(
        { get: () => getFavourites(api), put: (cameras, etag) => putFavourites(api, cameras, etag) },
        (cameras) => setNames(new Set(cameras)),
      ),
    [api],
  );
  useEffect(() => {
    favourites.load().catch(() => undefined); // then there are no stars, and all else goes on
  }, [favourites]);
  const value = useMemo<FavouritesContextValue>(
    () => ({
      names: names ?? new Set(),
      known: names !== null,
      set: (camera, favourite) => favourites.set(camera, favourite),
    }),
    [names, favourites],
  );
  return <FavouritesContext value={value}>{children}</FavouritesContext>;
}

export function useFavourites(): FavouritesContextValue {
  const value = useContext(FavouritesContext);
  if (value === null) throw new Error('useFavourites outside of FavouritesProvider');
  return value;
}
