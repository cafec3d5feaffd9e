import { useState } from 'react';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { useFavourites } from './FavouritesProvider';

interface StarButtonProps {
  camera: string;
  name: string;
  /** In a tree the rows take the focus, not what is in them. */
  tabIndex?: number;
}

export function StarButton({ camera, name, tabIndex = 0 }: StarButtonProps) {
  const words = useMessages().take;
  const favourites = useFavourites();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  if (!favourites.known) return null;
  const starred = favourites.names.has(camera);
  const label = failed ? words.starFailed : starred ? words.unstar(name) : words.star(name);
  return (
    <button
      type="button"
      className="icon-button star"
      data-testid="star"
      data-starred={starred}
      data-failed={failed}
      aria-pressed={starred}
      aria-label={label}
      title={label}
      tabIndex={tabIndex}
      disabled={busy}
      onClick={(event) => {
        event.stopPropagation();
        setBusy(true);
        favourites
          .set(camera, !starred)
          .then(
            () => setFailed(false),
            () => setFailed(true),
          )
          .finally(() => setBusy(false));
      }}
    >
      <Icon name={starred ? 'starred' : 'star'} size={16} />
    </button>
  );
}
