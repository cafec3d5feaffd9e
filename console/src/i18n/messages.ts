import type { CameraState, GapCause, Ownership } from '../api/types';

/** Every sentence the console can say. A catalogue that lacks one does not compile. */
export interface Messages {
  languageName: string;
  brand: Words<'name' | 'product' | 'line'>;
  common: Words<
    | 'retry'
    | 'cancel'
    | 'save'
    | 'close'
    | 'loading'
    | 'none'
    | 'yes'
    | 'no'
    | 'language'
    | 'serverAway'
    | 'serverAwayHint'
    | 'stale'
    | 'broken'
    | 'brokenHint'
    | 'reload'
    | 'skipToContent'
  > & { failed: (detail: string) => string };
  signIn: Words<
    | 'title'
    | 'username'
    | 'password'
    | 'submit'
    | 'submitting'
    | 'show'
    | 'hide'
    | 'wrong'
    | 'locked'
    | 'unreachable'
    | 'expired'
    | 'missing'
    | 'notice'
  >;
  device: Words<
    | 'title'
    | 'hint'
    | 'code'
    | 'look'
    | 'approve'
    | 'deny'
    | 'warning'
    | 'sees'
    | 'unknown'
    | 'tooMany'
    | 'forbidden'
    | 'approved'
    | 'denied'
    | 'another'
  > & { asks: (name: string, address: string) => string };
  shell: Words<'wall' | 'signOut' | 'account' | 'cameras' | 'openCameras' | 'online' | 'serverTime'> & {
    roles: Record<string, string>;
    lines: Record<string, string>;
  };
  /** The screens themselves bring their words along (operate/words). */
  operate: Words<'enter'>;
  state: Record<CameraState, string>;
  /** By the code in front of a state_reason; codes not listed are shown as they come. */
  reasons: Record<string, string>;
  tree: Words<'label' | 'search' | 'clearSearch' | 'elsewhere' | 'empty' | 'emptyHint' | 'add' | 'failed'> & {
    onlineOf: (online: number, total: number) => string;
    noMatch: (query: string) => string;
    more: (count: number) => string;
    openDay: (name: string) => string;
    play: (name: string) => string;
  };
  wall: Words<
    | 'label'
    | 'layout1'
    | 'layout4'
    | 'clear'
    | 'fill'
    | 'emptyTile'
    | 'selected'
    | 'live'
    | 'loading'
    | 'reconnecting'
    | 'connecting'
    | 'offline'
    | 'disabled'
    | 'gone'
    | 'denied'
    | 'unplayableHint'
    | 'noPlayer'
    | 'failed'
    | 'openDay'
    | 'mute'
    | 'unmute'
    | 'fullScreen'
    | 'close'
    | 'paused'
  > & { tile: (index: number) => string; unplayable: (codec: string) => string };
  day: Words<
    | 'back'
    | 'date'
    | 'previousDay'
    | 'nextDay'
    | 'today'
    | 'play'
    | 'pause'
    | 'back10'
    | 'forward10'
    | 'speed'
    | 'backToLive'
    | 'live'
    | 'recorded'
    | 'idle'
    | 'current'
    | 'choose'
    | 'loading'
    | 'reconnecting'
    | 'failed'
    | 'denied'
    | 'nothingAfter'
    | 'future'
    | 'ended'
    | 'timeline'
    | 'timelineHelp'
    | 'zoomIn'
    | 'zoomOut'
    | 'wholeDay'
    | 'now'
    | 'recordedHere'
    | 'notYet'
    | 'noRecord'
    | 'timelineFailed'
    | 'summary'
    | 'recordedTime'
    | 'missingTime'
    | 'ratio'
    | 'ratioHint'
    | 'gaps'
    | 'noGaps'
    | 'noFootage'
    | 'noFootageHint'
    | 'ongoing'
    | 'details'
    | 'notFound'
    | 'notFoundHint'
    | 'mute'
    | 'unmute'
    | 'fullScreen'
  > & { skipped: (from: string, cause: string) => string; playBefore: (time: string) => string };
  causes: Record<GapCause, string>;
  camera: Words<
    | 'id'
    | 'idHint'
    | 'displayName'
    | 'region'
    | 'chooseRegion'
    | 'sourceUrl'
    | 'sourceUrlHint'
    | 'sourceUrlKeep'
    | 'subSourceUrl'
    | 'cameraClass'
    | 'ownership'
    | 'owner'
    | 'managingUnit'
    | 'operator'
    | 'location'
    | 'latitude'
    | 'longitude'
    | 'listed'
    | 'audio'
    | 'enabled'
    | 'schedule'
    | 'scheduleHint'
    | 'always'
    | 'retention'
    | 'retentionHint'
    | 'retentionByPolicy'
    | 'state'
    | 'since'
    | 'video'
    | 'audioStream'
    | 'bitRate'
    | 'packetsLost'
    | 'stream'
    | 'file'
    | 'changes'
    | 'noChanges'
    | 'add'
    | 'edit'
    | 'remove'
    | 'removeText'
    | 'saving'
    | 'removing'
    | 'required'
    | 'badNumber'
    | 'badId'
    | 'bothCoordinates'
    | 'conflict'
    | 'forbidden'
    | 'nothingChanged'
    | 'statusFailed'
  > & {
    classes: Record<1 | 2 | 3, string>;
    ownerships: Record<Ownership, string>;
    days: (count: number) => string;
    editTitle: (name: string) => string;
    removeTitle: (name: string) => string;
  };
}

type Words<Keys extends string> = Record<Keys, string>;
