import type { ServerEvent } from '../api/event-parser';
import { EventStream, type OpenEvents } from '../api/events';
import { isAbort } from '../api/problem';
import type { Camera, Region } from '../api/types';
import { CameraFeed } from './feed';

export interface RegistryState {
  /** While it is loading, `cameras` grows page by page. */
  phase: 'loading' | 'ready' | 'failed';
  regions: Region[];
  cameras: Camera[];
  /** The last read failed or events do not come: what is shown may be out of date. */
  stale: boolean;
  error: unknown;
}

export interface RegistrySource {
  regions: (signal: AbortSignal) => Promise<Region[]>;
  /** `onPage` is told those that have come so far. */
  cameras: (signal: AbortSignal, onPage: (sofar: Camera[]) => void) => Promise<Camera[]>;
  events: OpenEvents;
}

const EMPTY: RegistryState = { phase: 'loading', regions: [], cameras: [], stale: false, error: null };
const AGAIN_MS = 5000;
/** Changes that come together, as after a power cut, are shown together. */
const TOGETHER_MS = 150;

/** Regions and cameras, read once and then kept by events. */
export class RegistryStore {
  private state = EMPTY;
  private readonly source: RegistrySource;
  private readonly feed = new CameraFeed();
  private readonly stream: EventStream;
  private readonly listeners = new Set<() => void>();
  private isUnread = true;
  private reading: AbortController | null = null;
  private again: ReturnType<typeof setTimeout> | undefined;
  private publishing: ReturnType<typeof setTimeout> | undefined;

  constructor(source: RegistrySource) {
    this.source = source;
    this.stream = new EventStream(source.events, {
      onEvent: this.onEvent,
      onOpen: () => this.say({ stale: false }),
      onLost: (error) => this.say({ stale: true, error }),
    });
  }

  get = (): RegistryState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  start(): void {
    this.stream.start();
    if (this.isUnread) void this.read();
  }

  stop(): void {
    this.stream.stop();
    this.reading?.abort();
    this.feed.abandonList();
    clearTimeout(this.again);
  }

  /** Reads everything again now, after a change or on request. */
  reload = (): void => {
    void this.read();
  };

  private async read(): Promise<void> {
    this.isUnread = true;
    clearTimeout(this.again);
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    this.feed.beginList();
    try {
      const regions = await this.source.regions(reading.signal);
      const cameras = await this.source.cameras(reading.signal, (sofar) => {
        if (!reading.signal.aborted && this.state.phase !== 'ready') this.say({ regions, cameras: sofar });
      });
      if (reading.signal.aborted) return;
      this.feed.endList(cameras);
      this.isUnread = false;
      this.say({ phase: 'ready', regions, cameras: this.feed.list(), stale: false, error: null });
    } catch (error) {
      if (isAbort(error) || reading.signal.aborted) return;
      this.feed.abandonList();
      if (this.state.phase === 'ready') this.say({ stale: true, error });
      else this.say({ phase: 'failed', error });
      this.again = setTimeout(this.reload, AGAIN_MS);
    }
  }

  private readonly onEvent = (event: ServerEvent): void => {
    const outcome = this.feed.take(event);
    if (outcome === 'unknown') this.readSoon();
    if (outcome !== 'changed' || this.state.phase !== 'ready') return;
    this.publishing ??= setTimeout(() => {
      this.publishing = undefined;
      const cameras = this.feed.list();
      this.say({ cameras });
      const regions = new Set(this.state.regions.map((region) => region.name));
      const strays = cameras.some((camera) => !regions.has(camera.region));
      if (strays && event.type === 'camera_changed') this.readSoon();
    }, TOGETHER_MS);
  };

  private readSoon(): void {
    this.isUnread = true;
    clearTimeout(this.again);
    this.again = setTimeout(this.reload, TOGETHER_MS);
  }

  private say(news: Partial<RegistryState>): void {
    this.state = { ...this.state, ...news };
    for (const listener of this.listeners) listener();
  }
}
