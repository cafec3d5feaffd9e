import type { Rendition } from './rendition';

export interface WatchOrder {
  ticket: string;
  silent: boolean;
  rendition: Rendition;
}

const LAST_ID = 2 ** 32 - 1;

/** The orders over a wall's socket: each has a number of its own, so that what still comes for an earlier one is told apart. */
export class WallOrders<Owner> {
  private readonly say: (order: object) => void;
  private readonly owners = new Map<number, Owner>();
  private lastId = 0;

  constructor(say: (order: object) => void) {
    this.say = say;
  }

  /** Returns its number. */
  watch(owner: Owner, { rendition, ...order }: WatchOrder): number {
    this.lastId = this.lastId === LAST_ID ? 0 : this.lastId + 1;
    this.owners.set(this.lastId, owner);
    this.say({ op: 'watch', id: this.lastId, ...order, ...(rendition === 'main' ? {} : { rendition }) });
    return this.lastId;
  }

  stop(id: number): void {
    this.ended(id);
    this.say({ op: 'stop', id });
  }

  /** Nothing comes for it any more. */
  ended(id: number): void {
    this.owners.delete(id);
  }

  ownerOf(id: number): Owner | undefined {
    return this.owners.get(id);
  }

  /** The socket is gone, and all of them with it. */
  clear(): void {
    this.owners.clear();
  }
}
