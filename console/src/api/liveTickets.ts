import type { ApiClient } from './client';
import { Problem } from './problem';
import type { TicketAnswer } from './types';

const LARGEST_BATCH = 200;
/** Tiles that open at once ask at once. */
const GATHER_MS = 10;

interface Waiting {
  camera: string;
  resolve: (answer: TicketAnswer) => void;
  reject: (error: unknown) => void;
}

type BatchItem = TicketAnswer | { error: { status: number; code?: string; detail?: string; field?: string } };

/** Tickets to live pictures for a whole wall. Each is a line in the audit, so one is kept as long as it opens. */
export class LiveTickets {
  private readonly held = new Map<string, TicketAnswer>();
  private waiting: Waiting[] = [];
  private readonly api: ApiClient;
  private readonly now: () => number;

  constructor(api: ApiClient, now: () => number) {
    this.api = api;
    this.now = now;
  }

  /** A ticket to the camera, `cameras/{id}`. Throws what the server says against it. */
  get(camera: string): Promise<TicketAnswer> {
    const held = this.held.get(camera);
    if (held !== undefined && Date.parse(held.expire_time) > this.now() + 60_000)
      return Promise.resolve(held);
    this.held.delete(camera);
    return new Promise((resolve, reject) => {
      this.waiting.push({ camera, resolve, reject });
      if (this.waiting.length === 1) setTimeout(() => void this.ask(), GATHER_MS);
    });
  }

  /** A gateway refused the ticket: the next one asked for is another. */
  drop(camera: string): void {
    this.held.delete(camera);
  }

  /** Wakes a ticket that has slept; one that cannot be woken is dropped. */
  async revive(camera: string): Promise<void> {
    const held = this.held.get(camera);
    if (held === undefined) return;
    try {
      await this.api.request('POST', '/v1/tickets:revive', { body: { ticket: held.ticket } });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.drop(camera);
    }
  }

  private async ask(): Promise<void> {
    const batch = this.waiting.splice(0, LARGEST_BATCH);
    if (this.waiting.length > 0) setTimeout(() => void this.ask(), GATHER_MS);
    try {
      const requests = batch.map(({ camera }) => ({ camera, action: 'live' }));
      const answer = await this.api.request<{ tickets: BatchItem[] }>('POST', '/v1/tickets:batchCreate', {
        body: { requests },
      });
      batch.forEach((each, index) => this.settle(each, answer.tickets[index]));
    } catch (error) {
      for (const each of batch) each.reject(error);
    }
  }

  private settle({ camera, resolve, reject }: Waiting, item: BatchItem | undefined): void {
    if (item === undefined) reject(new Problem(502, '', 'the answer lacks this ticket', ''));
    else if ('error' in item) {
      const { status, code = '', detail = '', field = '' } = item.error;
      reject(new Problem(status, code, detail, field));
    } else {
      this.held.set(camera, item);
      resolve(item);
    }
  }
}
