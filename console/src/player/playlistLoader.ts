import Hls, {
  type HlsConfig,
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type PlaylistLoaderConstructor,
  type PlaylistLoaderContext,
} from 'hls.js/light';
import { discontinuityRebaser } from './discontinuities';

/** A playlist loader for one player, which hands hls.js playlists with small discontinuity numbers. */
export function playlistLoader(): PlaylistLoaderConstructor {
  const rebase = discontinuityRebaser();
  const Base = Hls.DefaultConfig.loader as new (config: HlsConfig) => Loader<PlaylistLoaderContext>;
  return class extends Base {
    override load(
      context: PlaylistLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<PlaylistLoaderContext>,
    ): void {
      super.load(context, config, {
        ...callbacks,
        onSuccess: (response, stats, loaded, details) => {
          if (typeof response.data === 'string') response.data = rebase(response.data);
          callbacks.onSuccess(response, stats, loaded, details);
        },
      });
    }
  };
}
