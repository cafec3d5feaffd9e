import type { CameraState, GapCause, Ownership } from '../api/types';
import type { DayMessages } from './day/messages';
import type { PublishMessages } from './publish/messages';
import type { DiscoverMessages } from './discover/messages';
import type { LapseMessages } from './lapse/messages';
import type { TakeMessages } from './take/messages';
import type { LayoutsMessages, PatrolMessages, WallMessages } from './wall/messages';
import type { Words } from './words';

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
    | 'mustChange'
    | 'newPassword'
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
  wall: WallMessages;
  patrol: PatrolMessages;
  layouts: LayoutsMessages;
  day: DayMessages;
  playback: Words<
    'add' | 'addHint' | 'full' | 'previousFrame' | 'nextFrame' | 'previousMark' | 'nextMark' | 'holds'
  > & {
    missing: (cause: string) => string;
    remove: (name: string) => string;
    held: (caseNumber: string) => string;
  };
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
  health: Words<
    'title' | 'frameRate' | 'gop' | 'loss' | 'jitter' | 'clockOffset' | 'lastKeyFrame' | 'reconnects'
  > & {
    gopOf: (pictures: number, seconds: string) => string;
    reconnectsOf: (lastDay: number, sinceStart: number) => string;
  };
  discover: DiscoverMessages;
  lapse: LapseMessages;
  take: TakeMessages;
  publish: PublishMessages;
}
