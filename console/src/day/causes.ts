import type { CameraState, GapCause } from '../api/types';

/** Colours of the timeline and its legend. Faults are warm, what was meant is grey. */
export const CAUSE_COLOURS: Record<GapCause, string> = {
  camera_offline: '#ec5865',
  auth_failed: '#e8589f',
  network: '#ffa23c',
  ingest_restart: '#a98bff',
  spool_full: '#ffd64a',
  store_outage: '#ff7f45',
  lost_object: '#d9413f',
  spool_lost: '#c65c9a',
  disabled: '#64748b',
  schedule: '#46566e',
  expired: '#374357',
  unknown: '#8fa1b8',
};

export const RECORDED_COLOUR = '#2f86e8';
export const HOLD_COLOUR = '#ffd64a';

export const STATE_COLOURS: Record<CameraState, string> = {
  ONLINE: '#4cd08a',
  CONNECTING: '#8fb8ff',
  OFFLINE: '#ec5865',
  DISABLED: '#64748b',
};
