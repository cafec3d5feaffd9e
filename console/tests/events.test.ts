import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventParser } from '../src/api/event-parser';
import { EventStream, type OpenEvents } from '../src/api/events';
import { Problem } from '../src/api/problem';

const TIMING = { backoff: (attempt: number) => 1000 * (attempt + 1), silence: 45_000 };

describe('text/event-stream', () => {
  it('is read the same however it is cut into pieces, with any line ends', () => {
    const text =
      ': hello\r\nevent: a\nid: 1\ndata: x\ndata:y\r\rretry: 2000\n\ndata\n\nid: 2\n\nevent: lost\n\n';
    for (let size = 1; size <= text.length; size += 1) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
      expect(events).toEqual([
        { type: 'a', data: 'x\ny' },
        { type: 'message', data: '' },
      ]);
      expect([parser.lastEventId, parser.retry]).toEqual(['2', 2000]);
    }
  });

  it('without an end to a line does not fill the memory', () => {
    const parser = new EventParser('', 100);
    expect(() => parser.push('data: ' + 'x'.repeat(100))).toThrow(RangeError);
  });
});

/** A server whose connections the test writes and ends. */
class Server {
  readonly asked: string[] = [];
  readonly refusals: Error[] = [];
  private controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  open: OpenEvents = (lastEventId, signal) => {
    this.asked.push(lastEventId);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller;
        const gone = () => controller.error(new DOMException('aborted', 'AbortError'));
        signal.addEventListener('abort', gone, { once: true });
      },
    });
    return Promise.resolve(new Response(body));
  };

  async says(text: string): Promise<void> {
    this.controller?.enqueue(new TextEncoder().encode(text));
    await vi.advanceTimersByTimeAsync(0);
  }

  async ends(): Promise<void> {
    this.controller?.close();
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('a stream of events', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function begin() {
    const server = new Server();
    const heard: string[] = [];
    const lost: unknown[] = [];
    const stream = new EventStream(
      server.open,
      { onEvent: (event) => heard.push(event.data), onLost: (error) => lost.push(error) },
      TIMING,
    );
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    return { server, heard, lost, stream };
  }

  it('goes on after the last event that was heard, when the server ends it and as late as it says', async () => {
    const { server, heard, lost, stream } = await begin();
    await server.says('retry: 700\n\nid: 5\ndata: a\n\nid: 6\ndata: b');
    await server.ends();
    await vi.advanceTimersByTimeAsync(699);
    expect(server.asked).toEqual(['']);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked).toEqual(['', '6']);
    await server.says('id: 7\ndata: c\n\n');
    expect(heard).toEqual(['a', 'c']);
    expect(lost).toEqual([]);
    stream.stop();
  });

  it('waits longer after each failure and begins anew where its place means nothing', async () => {
    const { server, lost, stream } = await begin();
    await server.says('id: 5\ndata: a\n\n');
    server.refusals.push(new Error('away'), new Problem(400, 'request.last_event_id', 'no', 'last_event_id'));
    await server.ends();
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.asked).toEqual(['', '5']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.asked).toEqual(['', '5', '5']);
    await vi.advanceTimersByTimeAsync(1999);
    expect(server.asked).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.asked).toEqual(['', '5', '5', '']);
    expect(lost).toHaveLength(2);
    stream.stop();
  });

  it('takes a silent connection for a dead one, but not one with a heartbeat', async () => {
    const { server, lost, stream } = await begin();
    await server.says('id: 9\ndata: a\n\n');
    await vi.advanceTimersByTimeAsync(40_000);
    await server.says(': still here\nid: 10\n\n');
    await vi.advanceTimersByTimeAsync(40_000);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(6000);
    expect(lost).toHaveLength(1);
    expect(server.asked).toEqual(['', '10']);
    stream.stop();
  });

  it('stops at once, hears nothing more, and starts where it was', async () => {
    const { server, heard, stream } = await begin();
    await server.says('id: 3\ndata: a\n\n');
    stream.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.asked).toHaveLength(1);
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.asked).toEqual(['', '3']);
    expect(heard).toEqual(['a']);
    stream.stop();
  });
});
