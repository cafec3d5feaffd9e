import { Problem } from '../api/problem';
import { backoff } from './backoff';
import { isFinal, refusesRendition, refusesTicket } from './refusals';
import type { Rendition } from './rendition';
import type { WallTickets, Watch, WatchListener } from './watch';
import { WallConnection } from './WallConnection';
import { WallOrders } from './wallOrders';
import type { WallMessage } from './wallMessages';

export interface WallSocketOptions {
  url: string;
  tickets: WallTickets;
  /** As `new WebSocket(url)`. */
  connect?: (url: string) => WebSocket;
  random?: () => number;
}

type Phase = 'ticket' | 'watching' | 'waiting' | 'over';

interface Tile {
  camera: string;
  audible: boolean;
  listener: WatchListener;
  phase: Phase;
  /** The number of the order that is on its way or being served; null while there is none. */
  id: number | null;
  /** What that order is for. */
  shown: Rendition;
  /** What is wanted. */
  rendition: Rendition;
  /** The number of the order for it, while `id` still serves another; null while there is none. */
  coming: number | null;
  ticket: string;
  attempt: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  heardAt: number;
}

const LOOK_MS = 2000;
/** A tile from which nothing has come for so long is asked for anew; twice as long on all: the socket. */
const SILENT_MS = 10_000;

/** The live pictures of a whole wall over one WebSocket, kept up through lost networks and refused tickets. */
export class WallSocket {
  private readonly options: WallSocketOptions;
  private readonly tiles = new Set<Tile>();
  private readonly connection: WallConnection;
  private readonly orders = new WallOrders<Tile>((order) => this.connection.say(order));
  private looking: ReturnType<typeof setInterval> | undefined;

  constructor(options: WallSocketOptions) {
    this.options = options;
    this.connection = new WallConnection({
      ...options,
      isNeeded: () => this.tiles.size > 0,
      onOpen: () => {
        for (const tile of this.tiles) if (tile.phase === 'watching') this.order(tile);
      },
      onMessage: (message) => this.hear(message),
      onLost: () => {
        this.forgetOrders();
        for (const tile of this.tiles) if (tile.phase === 'watching') tile.listener.onLost();
      },
      onIdle: () => {
        clearInterval(this.looking);
        this.looking = undefined;
        this.forgetOrders();
      },
    });
  }

  /** Watches `cameras/{id}` until it is stopped, without its sound until that is asked for. */
  watch(camera: string, listener: WatchListener, rendition: Rendition = 'main'): Watch {
    const tile: Tile = {
      ...{ camera, audible: false, listener, phase: 'ticket', id: null, ticket: '' },
      ...{ shown: rendition, rendition, coming: null },
      ...{ attempt: 0, timer: undefined, heardAt: performance.now() },
    };
    this.tiles.add(tile);
    this.looking ??= setInterval(this.look, LOOK_MS);
    this.connection.open();
    this.begin(tile);
    return {
      hear: (audible) => {
        if (tile.audible === audible) return;
        tile.audible = audible;
        if (tile.id === null) return;
        this.cancel(tile);
        this.order(tile);
      },
      show: (wanted) => {
        if (tile.rendition === wanted) return;
        tile.rendition = wanted;
        if (tile.phase === 'over') {
          if (this.tiles.has(tile)) this.begin(tile);
        } else if (tile.id !== null) this.change(tile);
      },
      again: () => {
        tile.attempt = 0;
        if (this.tiles.has(tile)) this.begin(tile);
      },
      stop: () => {
        this.cancel(tile);
        tile.phase = 'over';
        this.tiles.delete(tile);
        if (this.tiles.size === 0) this.connection.closeWhenIdle();
      },
    };
  }

  /** Ends all watches and the socket. */
  close(): void {
    for (const tile of this.tiles) this.cancel(tile);
    this.tiles.clear();
    this.connection.close();
  }

  private forgetOrders(): void {
    this.orders.clear();
    for (const tile of this.tiles) tile.id = tile.coming = null;
  }

  /** Gets a ticket and orders the pictures with it. */
  private begin(tile: Tile): void {
    this.cancel(tile);
    tile.phase = 'ticket';
    const still = (): boolean => this.tiles.has(tile) && tile.phase === 'ticket' && tile.id === null;
    this.options.tickets.get(tile.camera).then(
      ({ ticket, watermark }) => {
        if (!still()) return;
        tile.ticket = ticket;
        tile.phase = 'watching';
        tile.listener.onTicket(watermark ?? '');
        if (this.connection.isOpen) this.order(tile);
        else if (this.connection.isAway) tile.listener.onLost();
      },
      (error: unknown) => {
        if (still()) this.refused(tile, error);
      },
    );
  }

  private order(tile: Tile): void {
    tile.shown = tile.rendition;
    tile.id = this.ask(tile);
    tile.heardAt = performance.now();
  }

  /** Orders the rendition that is wanted beside the one that is shown, which is stopped once the other is there. */
  private change(tile: Tile): void {
    this.leave(tile);
    if (tile.rendition !== tile.shown) tile.coming = this.ask(tile);
  }

  private ask(tile: Tile): number {
    const { ticket, rendition } = tile;
    return this.orders.watch(tile, { ticket, silent: !tile.audible, rendition });
  }

  private cancel(tile: Tile): void {
    clearTimeout(tile.timer);
    this.leave(tile);
    if (tile.id !== null) this.orders.stop(tile.id);
    tile.id = null;
  }

  /** No rendition comes in place of the one that is shown. */
  private leave(tile: Tile): void {
    if (tile.coming !== null) this.orders.stop(tile.coming);
    tile.coming = null;
  }

  private hear(message: WallMessage): void {
    const tile = message.id === null ? undefined : this.orders.ownerOf(message.id);
    if (tile === undefined) return;
    tile.heardAt = performance.now();
    if (message.id === tile.coming) this.hearComing(tile, message);
    else this.hearShown(tile, message);
  }

  /** The first that is heard of a rendition that is to be shown from now on, or why it is not. */
  private hearComing(tile: Tile, message: WallMessage): void {
    if (message.kind === 'problem') {
      this.orders.ended(tile.coming ?? -1);
      tile.coming = null;
      if (refusesTicket(message.problem.status, false)) this.ended(tile, message.problem);
      else this.useless(tile, message.problem);
      return;
    }
    if (tile.id !== null) this.orders.stop(tile.id);
    tile.id = tile.coming;
    tile.coming = null;
    tile.shown = tile.rendition;
    this.hearShown(tile, message);
  }

  private hearShown(tile: Tile, message: WallMessage): void {
    switch (message.kind) {
      case 'described':
        if (tile.listener.onDescribed(message.codecs)) break;
        this.end(tile);
        tile.listener.onUseless(tile.shown, { codecs: message.codecs });
        break;
      case 'init':
        tile.listener.onInit(message.bytes);
        break;
      case 'fragment':
        tile.attempt = 0;
        tile.listener.onFragment(message.bytes);
        break;
      case 'discontinuity':
        tile.listener.onDiscontinuity();
        break;
      case 'problem':
        this.orders.ended(message.id ?? -1);
        tile.id = null;
        this.ended(tile, message.problem);
        break;
    }
  }

  private end(tile: Tile): void {
    this.cancel(tile);
    tile.phase = 'over';
  }

  /** What is wanted is not to be had: what is shown is what is wanted, until another is. */
  private useless(tile: Tile, problem: Problem): void {
    const { rendition } = tile;
    tile.rendition = tile.shown;
    tile.listener.onUseless(rendition, problem);
  }

  /** The gateway has ended a tile, or would not begin it (docs/tickets.md, "On the media path"). */
  private ended(tile: Tile, problem: Problem): void {
    const { tickets } = this.options;
    const { camera } = tile;
    if (refusesRendition(problem)) {
      this.end(tile);
      this.useless(tile, problem);
    } else if (problem.code === 'ticket.idle') {
      tile.phase = 'ticket';
      const go = (): void => this.retry(tile, 0);
      tickets.revive(camera).then(go, () => this.retry(tile));
    } else if (problem.status === 401 || problem.status === 410 || problem.code === 'ticket.revoked') {
      tickets.drop(camera);
      // One that has just been given out and is refused at once is no better the next time.
      tile.listener.onProblem(problem, false);
      this.retry(tile, tile.attempt === 0 ? 0 : undefined);
    } else if (problem.status === 403 || problem.status === 404) {
      tickets.drop(camera);
      this.give(tile, problem);
    } else {
      tile.listener.onProblem(problem, false);
      this.retry(tile);
    }
  }

  /** No ticket was to be had. */
  private refused(tile: Tile, error: unknown): void {
    if (isFinal(error)) {
      this.give(tile, error);
      return;
    }
    if (error instanceof Problem) tile.listener.onProblem(error, false);
    else tile.listener.onLost();
    this.retry(tile);
  }

  private give(tile: Tile, problem: Problem): void {
    this.end(tile);
    tile.listener.onProblem(problem, true);
  }

  private retry(tile: Tile, delay = backoff(tile.attempt, this.options.random)): void {
    if (!this.tiles.has(tile)) return;
    this.cancel(tile);
    tile.phase = 'waiting';
    tile.attempt += 1;
    tile.timer = setTimeout(() => this.begin(tile), delay);
  }

  /** A network that swallows everything closes no socket; a camera's stream may dry up and tell nobody. */
  private look = (): void => {
    const watched = [...this.tiles].filter((tile) => tile.phase === 'watching' && tile.id !== null);
    const now = performance.now();
    const silent = watched.filter((tile) => now - tile.heardAt > SILENT_MS);
    if (watched.length > 0 && watched.every((tile) => now - tile.heardAt > 2 * SILENT_MS)) {
      this.connection.drop();
    } else if (silent.length < watched.length) {
      for (const tile of silent) {
        tile.listener.onLost();
        this.retry(tile, 0);
      }
    }
  };
}
