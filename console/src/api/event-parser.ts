/** One event of a text/event-stream. */
export interface ServerEvent {
  type: string;
  data: string;
}

/** Reads text/event-stream as it arrives in pieces (WHATWG HTML, 9.2.6). */
export class EventParser {
  /** Where the stream is; what a client comes back with. */
  lastEventId = '';
  /** How long to wait before coming back, milliseconds; null until the server has said. */
  retry: number | null = null;
  private rest = '';
  private type = '';
  private data: string[] = [];
  private readonly mostChars: number;

  /** `mostChars`: of one event, so that a stream without line breaks cannot fill the memory. */
  constructor(lastEventId = '', mostChars = 1 << 20) {
    this.lastEventId = lastEventId;
    this.mostChars = mostChars;
  }

  /** The events that `text` completes. Throws RangeError for an event that is too long. */
  push(text: string): ServerEvent[] {
    this.rest += text;
    const events: ServerEvent[] = [];
    for (let line = this.takeLine(); line !== null; line = this.takeLine()) {
      const event = this.read(line);
      if (event !== null) events.push(event);
    }
    const held = this.data.reduce((sum, each) => sum + each.length, this.rest.length);
    if (held > this.mostChars) throw new RangeError('an event is too long');
    return events;
  }

  private takeLine(): string | null {
    const end = this.rest.search(/[\r\n]/);
    if (end === -1) return null;
    const isReturn = this.rest[end] === '\r';
    // Whether a line feed belongs to this line's end shows only with what comes next.
    if (isReturn && end === this.rest.length - 1) return null;
    const length = isReturn && this.rest[end + 1] === '\n' ? 2 : 1;
    const line = this.rest.slice(0, end);
    this.rest = this.rest.slice(end + length);
    return line;
  }

  private read(line: string): ServerEvent | null {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.type = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.lastEventId = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.retry = Number(value);
    return null;
  }

  private dispatch(): ServerEvent | null {
    const event =
      this.data.length === 0 ? null : { type: this.type || 'message', data: this.data.join('\n') };
    this.type = '';
    this.data = [];
    return event;
  }
}
