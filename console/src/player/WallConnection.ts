import { backoff } from './backoff';
import { readMessage, type WallMessage } from './wallMessages';

export interface ConnectionOptions {
  url: string;
  /** As `new WebSocket(url)`. */
  connect?: (url: string) => WebSocket;
  random?: () => number;
  /** Somebody wants it: it is opened again when it is lost, and left open. */
  isNeeded: () => boolean;
  onOpen: () => void;
  onMessage: (message: WallMessage) => void;
  /** It is gone, and what was ordered over it. */
  onLost: () => void;
  /** The same, because nobody needed it. */
  onIdle: () => void;
}

const IDLE_MS = 5000;

/** The one WebSocket of a wall: opened when it is needed, again when it is lost, closed when nobody needs it for a while. */
export class WallConnection {
  private readonly options: ConnectionOptions;
  private socket: WebSocket | null = null;
  private opened = false;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.options = options;
  }

  get isOpen(): boolean {
    return this.opened;
  }

  /** Neither open nor on its way: what was lost waits for its turn. */
  get isAway(): boolean {
    return this.socket === null;
  }

  open(): void {
    if (this.socket !== null) return;
    clearTimeout(this.timer);
    const connect = this.options.connect ?? ((url: string) => new WebSocket(url));
    const socket = connect(this.options.url);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      this.opened = true;
      this.options.onOpen();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      const message = readMessage(event.data);
      if (message === null) return;
      this.attempt = 0;
      this.options.onMessage(message);
    };
    socket.onclose = () => this.lost(socket);
  }

  say(order: object): void {
    if (this.opened) this.socket?.send(JSON.stringify(order));
  }

  /** Takes it for lost: a close over a dead network takes its time to be heard of. */
  drop(): void {
    const { socket } = this;
    if (socket === null) return;
    socket.close();
    this.lost(socket);
  }

  closeWhenIdle(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.options.isNeeded()) this.close();
    }, IDLE_MS);
  }

  close(): void {
    clearTimeout(this.timer);
    const { socket } = this;
    this.forget();
    this.attempt = 0;
    this.options.onIdle();
    socket?.close(1000);
  }

  private lost(socket: WebSocket): void {
    if (this.socket !== socket) return;
    this.forget();
    this.options.onLost();
    if (!this.options.isNeeded()) return;
    this.timer = setTimeout(() => this.open(), backoff(this.attempt, this.options.random));
    this.attempt += 1;
  }

  private forget(): void {
    this.socket = null;
    this.opened = false;
  }
}
