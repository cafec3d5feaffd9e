/** The gateway's resources as they travel: snake_case names, RFC 3339 instants, enums by name. */

export type CameraState = 'CONNECTING' | 'ONLINE' | 'OFFLINE' | 'DISABLED';
export type Ownership = 'PUBLIC' | 'COLLECTIVE' | 'BUSINESS' | 'HOUSEHOLD';
export type RegionLevel =
  'PROVINCE' | 'PREFECTURE' | 'COUNTY' | 'TOWN' | 'VILLAGE' | 'GRID' | 'GROUP' | 'HOUSEHOLD_REGION';

export interface Principal {
  name: string;
  display_name: string;
  line: string;
  roles: string[];
  scope: string;
  /** The level of the scope's region. */
  tier?: RegionLevel;
}

export interface SessionAnswer {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  principal: Principal;
}

export interface Region {
  name: string;
  parent: string;
  level: RegionLevel;
  display_name: string;
}

export interface Camera {
  name: string;
  uid: string;
  etag: string;
  display_name: string;
  region: string;
  source_url: string;
  sub_source_url: string;
  camera_class: number;
  ownership: Ownership;
  owner: string;
  managing_unit: string;
  operator: string;
  location?: { latitude: number; longitude: number } | null;
  listed_for_residents: boolean;
  audio: boolean;
  enabled: boolean;
  schedule: string;
  retention_days: number;
  dossier?: Record<string, string>;
  state: CameraState;
  state_reason: string;
}

/** What a person may write; the rest of a camera is told by the server. */
export type CameraDraft = Partial<
  Pick<
    Camera,
    | 'display_name'
    | 'region'
    | 'source_url'
    | 'sub_source_url'
    | 'camera_class'
    | 'ownership'
    | 'owner'
    | 'managing_unit'
    | 'operator'
    | 'location'
    | 'listed_for_residents'
    | 'audio'
    | 'enabled'
    | 'schedule'
    | 'retention_days'
  >
>;

export interface CameraStatus {
  state: CameraState;
  state_reason: string;
  state_time?: string | null;
  media?: {
    video_codec: string;
    width: number;
    height: number;
    frames_per_second: number;
    audio_codec: string;
    codecs: string;
    bits_per_second: number;
  } | null;
  changes?: { time: string; state: CameraState; reason: string }[];
  packets_lost?: number | string;
}

/** Numbers that are not known, or not told to the caller, are left out (docs/health.md). */
export interface CameraHealth {
  stream?: {
    time: string;
    bits_per_second: number;
    frames_per_second: number;
    gop_ms: number;
    gop_pictures: number;
    loss?: number;
    jitter_ms?: number;
    clock_offset_ms?: number;
    last_key_frame_time: string;
    reconnects?: number;
  };
  reconnects_last_day?: number;
}

export const GAP_CAUSES = [
  'camera_offline',
  'auth_failed',
  'network',
  'ingest_restart',
  'spool_full',
  'store_outage',
  'lost_object',
  'spool_lost',
  'disabled',
  'schedule',
  'expired',
  'unknown',
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

export interface TimelineAnswer {
  spans?: { start: string; end: string }[];
  gaps?: { start: string; end?: string | null; cause: string }[];
}

export interface TicketAnswer {
  ticket: string;
  expire_time: string;
  urls: { hls: string };
  /** Who looks, to be drawn over the picture; absent or empty when nothing has to be. */
  watermark?: string;
}

export interface HoldsAnswer {
  holds?: { name: string; start: string; end: string; case_number: string }[];
}
