/** What iPhones have in place of MediaSource; its constructor and buffers are the same. */
interface ManagedMediaSources {
  ManagedMediaSource?: typeof MediaSource;
}

/** The browser's MediaSource, managed where there is no other; null where there is none. */
export function mediaSource(): typeof MediaSource | null {
  const { MediaSource: plain } = globalThis as { MediaSource?: typeof MediaSource };
  return plain ?? (globalThis as ManagedMediaSources).ManagedMediaSource ?? null;
}
