import type { Cut, ExportPhase, ExportState } from '../../api/evidence';
import type { Words } from '../words';

/** Finding cameras and footage, and taking it along. */
export type TakeMessages = Words<
  | 'searchHint'
  | 'starredOnly'
  | 'noFavourites'
  | 'noFavouritesHint'
  | 'starFailed'
  | 'treeAsMap'
  | 'treeAsList'
  | 'find'
  | 'evidence'
  | 'mapLabel'
  | 'zoomIn'
  | 'zoomOut'
  | 'fitAll'
  | 'useCentre'
  | 'noLocations'
  | 'tools'
  | 'findHint'
  | 'latitude'
  | 'longitude'
  | 'radius'
  | 'minutes'
  | 'start'
  | 'look'
  | 'needPlace'
  | 'needTime'
  | 'insideLasso'
  | 'clearLasso'
  | 'noFootage'
  | 'moreSpans'
  | 'exportThem'
  | 'holdThem'
  | 'picked'
  | 'around'
  | 'exports'
  | 'holds'
  | 'newExport'
  | 'newHold'
  | 'cameras'
  | 'addCamera'
  | 'needCamera'
  | 'cut'
  | 'burnIn'
  | 'burnInHint'
  | 'beginExport'
  | 'from'
  | 'to'
  | 'caseNumber'
  | 'reason'
  | 'onRecord'
  | 'endBeforeStart'
  | 'needCase'
  | 'needReason'
  | 'holdText'
  | 'holdIt'
  | 'forbidden'
  | 'noExports'
  | 'noExportsHint'
  | 'noHolds'
  | 'noHoldsHint'
  | 'showMore'
  | 'expired'
  | 'download'
  | 'manifest'
  | 'cancelExport'
  | 'endedToo'
  | 'release'
  | 'releaseTitle'
  | 'releaseText'
> & {
  loadingMore: (count: number) => string;
  star: (name: string) => string;
  unstar: (name: string) => string;
  toolNames: Record<'pan' | 'circle' | 'lasso', string>;
  needRadius: (most: number) => string;
  needMinutes: (most: number) => string;
  lassoTooWide: (most: number) => string;
  foundCameras: (cameras: number, recorded: number) => string;
  footage: (duration: string) => string;
  playThem: (count: number) => string;
  playAtMost: (count: number) => string;
  leaveOut: (name: string) => string;
  cuts: Record<Cut, string>;
  cutHints: Record<Cut, string>;
  tooLong: (hours: number) => string;
  exportStates: Record<ExportState, string>;
  phases: Record<ExportPhase, string>;
  holdStates: Record<'held' | 'released' | 'expired', string>;
  until: (time: string) => string;
  made: (time: string) => string;
  files: (count: number) => string;
  missing: (count: number) => string;
};
