import type { Words } from '../words';

/** The tiles of live pictures. */
export type WallMessages = Words<
  | 'label'
  | 'pictures'
  | 'wallFullScreen'
  | 'keys'
  | 'clear'
  | 'fill'
  | 'emptyTile'
  | 'live'
  | 'loading'
  | 'reconnecting'
  | 'connecting'
  | 'noSignal'
  | 'disabled'
  | 'gone'
  | 'denied'
  | 'deniedHint'
  | 'ended'
  | 'endedHint'
  | 'crowded'
  | 'crowdedHint'
  | 'unplayableHint'
  | 'h265Hint'
  | 'noCapacityHint'
  | 'noPlayer'
  | 'failed'
  | 'offline'
  | 'openDay'
  | 'mute'
  | 'unmute'
  | 'fullScreen'
  | 'close'
  | 'paused'
> & {
  layout: (pictures: number) => string;
  tile: (index: number) => string;
  /** `time`: "08:05". */
  noSignalSince: (time: string) => string;
  unplayable: (codec: string) => string;
};

/** Groups of cameras, one after the other. */
export type PatrolMessages = Words<
  | 'title'
  | 'region'
  | 'everywhere'
  | 'seconds'
  | 'onlineOnly'
  | 'nobody'
  | 'start'
  | 'stop'
  | 'pause'
  | 'goOn'
  | 'previous'
  | 'next'
  | 'paused'
  | 'waits'
> & {
  secondsWrong: (shortest: number, longest: number) => string;
  sum: (cameras: number, groups: number) => string;
  place: (group: number, groups: number) => string;
};

/** Walls that are saved and shared. */
export type LayoutsMessages = Words<
  | 'title'
  | 'none'
  | 'noneHint'
  | 'unreadable'
  | 'name'
  | 'share'
  | 'nobody'
  | 'onlyHere'
  | 'save'
  | 'fromOther'
  | 'conflict'
  | 'forbidden'
> & {
  pictures: (count: number) => string;
  patrol: (groups: number, seconds: number) => string;
  sharedWith: (region: string) => string;
  overwrite: (name: string) => string;
  remove: (name: string) => string;
};
