import { lazy, Suspense, useMemo, useState } from 'react';
import { isAway } from '../api/problem';
import { Notice, IconButton, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { AddCamera } from './AddCamera';
import { useFavourites } from './FavouritesProvider';
import { useRegistry } from './RegistryProvider';
import { buildTree, filterTree, pruneTree } from './tree';
import { TreeRows } from './TreeRows';
import { useNameSearch } from './useNameSearch';
import './tree.css';

const CameraMap = lazy(() => import('../find/CameraMap').then(({ CameraMap: map }) => ({ default: map })));

/** Below this many cameras everything starts unfolded. */
const UNFOLD_ALL = 80;

interface CameraTreeProps {
  isShown: (camera: string) => boolean;
  onPick: (camera: string) => void;
}

export function CameraTree({ isShown, onPick }: CameraTreeProps) {
  const messages = useMessages();
  const registry = useRegistry();
  const favourites = useFavourites();
  const { search, prepare } = useNameSearch();
  const [query, setQuery] = useState('');
  const [starredOnly, setStarredOnly] = useState(false);
  const [asMap, setAsMap] = useState(false);
  const { regions, cameras } = registry;
  const whole = useMemo(
    () => buildTree(regions, cameras, messages.tree.elsewhere),
    [regions, cameras, messages],
  );
  const starred = starredOnly ? favourites.names : null;
  const offered = useMemo(
    () => (starred === null ? whole : pruneTree(whole, (camera) => starred.has(camera.name))),
    [whole, starred],
  );
  const tree = useMemo(() => filterTree(offered, query, search), [offered, query, search]);
  const loaded = registry.phase === 'ready';

  return (
    <nav className="tree-panel" aria-label={messages.tree.label}>
      <div className="tree-head">
        <div className="search" role="search">
          <Icon name="search" size={16} />
          <input
            type="search"
            data-testid="camera-search"
            value={query}
            placeholder={messages.tree.search}
            aria-label={messages.tree.search}
            title={messages.take.searchHint}
            onFocus={prepare}
            onChange={(event) => setQuery(event.target.value)}
          />
          {query === '' ? null : (
            <IconButton
              icon="close"
              size={14}
              label={messages.tree.clearSearch}
              onClick={() => setQuery('')}
            />
          )}
        </div>
        {favourites.known ? (
          <IconButton
            icon={starredOnly ? 'starred' : 'star'}
            label={messages.take.starredOnly}
            data-testid="starred-only"
            aria-pressed={starredOnly}
            onClick={() => setStarredOnly(!starredOnly)}
          />
        ) : null}
        <IconButton
          icon={asMap ? 'menu' : 'map'}
          label={asMap ? messages.take.treeAsList : messages.take.treeAsMap}
          data-testid="tree-map"
          onClick={() => setAsMap(!asMap)}
        />
        <AddCamera />
      </div>
      {registry.phase === 'loading' && cameras.length === 0 ? <TreeSkeleton /> : null}
      {registry.phase === 'loading' && cameras.length > 0 ? (
        <p className="tree-more" role="status">
          {messages.take.loadingMore(cameras.length)}
        </p>
      ) : null}
      {registry.phase === 'failed' ? (
        <Notice
          icon="link"
          tone="bad"
          title={isAway(registry.error) ? messages.common.serverAway : messages.tree.failed}
          hint={isAway(registry.error) ? messages.common.serverAwayHint : undefined}
        >
          <button type="button" className="button" onClick={registry.reload}>
            {messages.common.retry}
          </button>
        </Notice>
      ) : null}
      {loaded && cameras.length === 0 && regions.length === 0 ? (
        <Notice icon="camera" title={messages.tree.empty} hint={messages.tree.emptyHint} />
      ) : null}
      {loaded && tree.length === 0 && query !== '' ? (
        <Notice icon="search" title={messages.tree.noMatch(query)} />
      ) : null}
      {loaded && starredOnly && offered.length === 0 && query === '' ? (
        <Notice icon="star" title={messages.take.noFavourites} hint={messages.take.noFavouritesHint} />
      ) : null}
      {asMap && loaded ? (
        <Suspense fallback={<Spinner label={messages.common.loading} />}>
          <CameraMap onPick={(picked) => picked.forEach(onPick)} />
        </Suspense>
      ) : null}
      {tree.length > 0 && !(asMap && loaded) ? (
        <TreeRows
          tree={tree}
          unfoldAll={query !== '' || starredOnly || cameras.length <= UNFOLD_ALL}
          isShown={isShown}
          onPick={onPick}
        />
      ) : null}
    </nav>
  );
}

function TreeSkeleton() {
  const messages = useMessages();
  return (
    <div className="tree-skeleton" role="status" aria-label={messages.common.loading}>
      {[70, 55, 80, 62, 74, 50, 66].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
      <Spinner label={messages.common.loading} />
    </div>
  );
}
