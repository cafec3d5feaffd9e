import type { HlsConfig } from 'hls.js';
import { KeyFrameLoader } from './keyFrames';

/** Network errors are retried inside hls.js a few times; what is still failing then is reopened by StreamPlayer. */
const RETRY = { maxNumRetry: 3, retryDelayMs: 500, maxRetryDelayMs: 4000, backoff: 'exponential' as const };
const POLICY = {
  default: {
    maxTimeToFirstByteMs: 8000,
    maxLoadTimeMs: 15000,
    timeoutRetry: { ...RETRY, maxNumRetry: 2 },
    errorRetry: RETRY,
  },
};

const SLOW_POLICY = { default: { ...POLICY.default, maxTimeToFirstByteMs: 45_000, maxLoadTimeMs: 60_000 } };

const COMMON: Partial<HlsConfig> = {
  // fMP4 passes through unchanged, so a worker would only copy it back and forth.
  enableWorker: false,
  playlistLoadPolicy: POLICY,
  fragLoadPolicy: POLICY,
  manifestLoadPolicy: POLICY,
};

/** A wall: near the edge, little memory per picture. Lengths in seconds. */
export const LIVE_CONFIG: Partial<HlsConfig> = {
  ...COMMON,
  // A low-latency player holds a connection open for each picture, and browsers allow six.
  lowLatencyMode: false,
  liveSyncDurationCount: 2,
  liveMaxLatencyDurationCount: 6,
  liveDurationInfinity: true,
  maxLiveSyncPlaybackRate: 1.1,
  maxBufferLength: 12,
  maxMaxBufferLength: 20,
  backBufferLength: 6,
};

/** A day's footage: enough ahead for fast play, enough behind to step back. Lengths in seconds. */
export const RECORDED_CONFIG: Partial<HlsConfig> = {
  ...COMMON,
  startPosition: 0,
  maxBufferLength: 40,
  maxMaxBufferLength: 120,
  backBufferLength: 60,
};

/** Footage that is encoded while it is watched: a few segments ahead, each of which takes seconds to be made. */
export const CONVERTED_CONFIG: Partial<HlsConfig> = {
  ...RECORDED_CONFIG,
  maxBufferLength: 12,
  maxMaxBufferLength: 24,
  playlistLoadPolicy: SLOW_POLICY,
  fragLoadPolicy: SLOW_POLICY,
};

/** Key frames at many times the speed: some seconds of watching ahead. Lengths in seconds of footage. */
export const KEY_FRAME_CONFIG: Partial<HlsConfig> = {
  ...COMMON,
  startPosition: 0,
  maxBufferLength: 60,
  maxMaxBufferLength: 120,
  backBufferLength: 60,
  fLoader: KeyFrameLoader,
};
