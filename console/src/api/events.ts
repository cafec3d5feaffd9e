import { EventParser, type ServerEvent } from './event-parser';
import { Problem, isAbort } from './problem';

/** Opens the stream, from after `lastEventId` on ("" from the beginning). */
export type OpenEvents = (lastEventId: string, signal: AbortSignal) => Promise<Response>;

export interface EventListener {
  onEvent: (event: ServerEvent) => void;
  /** Once the server answers. */
  onOpen?: () => void;
  /** The stream could not be opened, or broke; it is tried again by itself. */
  onLost?: (error: unknown) => void;
}

export interface EventTiming {
  /** Milliseconds before attempt `attempt`, from 0. */
  backoff: (attempt: number) => number;
  /** A stream that says nothing for so long is dead: the server has a heartbeat of 15 s. Milliseconds. */
  silence: number;
}

const PATIENT: EventTiming = { backoff: (attempt) => Math.min(1000 * 2 ** attempt, 30_000), silence: 45_000 };
const CALM_RETRY = 2000;

/**
 * Server-sent events over fetch, since EventSource cannot send an access token. Goes on where it was when the
 * connection ends, and begins anew when the server does not know the place any more.
 */
export class EventStream {
  private readonly open: OpenEvents;
  private readonly listener: EventListener;
  private readonly timing: EventTiming;
  private lastEventId = '';
  private running: AbortController | null = null;

  constructor(open: OpenEvents, listener: EventListener, timing: EventTiming = PATIENT) {
    this.open = open;
    this.listener = listener;
    this.timing = timing;
  }

  /** Listens until `stop`. After a stop it goes on where it was. */
  start(): void {
    if (this.running !== null) return;
    this.running = new AbortController();
    void this.run(this.running.signal);
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
  }

  private async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let wait = CALM_RETRY;
      try {
        const retry = await this.listen(signal);
        wait = retry ?? CALM_RETRY;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // A place that the server does not understand is not worth keeping.
        if (error instanceof Problem && error.status === 400) this.lastEventId = '';
        this.listener.onLost?.(error);
        wait = this.timing.backoff(failures);
        failures += 1;
      }
      await pause(wait, signal);
    }
  }

  /** One connection, to its end; what the server said of coming back, milliseconds. */
  private async listen(signal: AbortSignal): Promise<number | null> {
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener('abort', end, { once: true });
    let watch = setTimeout(end, this.timing.silence);
    try {
      const response = await this.open(this.lastEventId, connection.signal);
      this.listener.onOpen?.();
      const parser = new EventParser(this.lastEventId);
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      if (reader === undefined) return null;
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(watch);
        watch = setTimeout(end, this.timing.silence);
        for (const event of parser.push(piece.value)) {
          if (signal.aborted) return null;
          this.listener.onEvent(event);
        }
        // Only once it was heard: who is stopped in between hears it again rather than never.
        this.lastEventId = parser.lastEventId;
      }
      return parser.retry;
    } catch (error) {
      if (isAbort(error) && !signal.aborted) throw new Error('the stream went silent', { cause: error });
      throw error;
    } finally {
      clearTimeout(watch);
      signal.removeEventListener('abort', end);
      connection.abort();
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
