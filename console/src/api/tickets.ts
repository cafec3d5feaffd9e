import type { ApiClient } from './client';
import type { TicketAnswer } from './types';

/** A range of footage, epoch milliseconds, half open. */
export interface Range {
  start: number;
  end: number;
}

/** Every ticket is a line in the audit, so one is kept as long as it opens what is asked. */
export class TicketOffice {
  /** What the last ticket wants drawn over the picture; empty when nothing. */
  watermark = '';
  private live: TicketAnswer | null = null;
  private recorded: { window: Range; answer: TicketAnswer } | null = null;
  private readonly api: ApiClient;
  private readonly camera: string;
  private readonly now: () => number;

  constructor(api: ApiClient, camera: string, now: () => number) {
    this.api = api;
    this.camera = camera;
    this.now = now;
  }

  /** URL of the live multivariant playlist. `renew` after the media path refused the ticket we had. */
  async liveUrl(renew: boolean): Promise<string> {
    if (renew || this.live === null || this.isOver(this.live)) {
      this.live = await this.issue({ action: 'live' });
    }
    return this.live.urls.hls;
  }

  /** URL of the playlist of a range in which gaps keep their length, so that media time follows wall time. */
  async recordedUrl(range: Range, renew: boolean): Promise<string> {
    const held = this.recorded;
    const opens = held !== null && held.window.start <= range.start && range.end <= held.window.end;
    if (renew || held === null || !opens || this.isOver(held.answer)) {
      const answer = await this.issue({
        action: 'playback',
        start: rfc3339(range.start),
        end: rfc3339(range.end),
      });
      this.recorded = { window: range, answer };
      return rangeUrl(answer.urls.hls, range);
    }
    return rangeUrl(held.answer.urls.hls, range);
  }

  private async issue(body: Record<string, string>): Promise<TicketAnswer> {
    const answer = await this.api.request<TicketAnswer>('POST', `/v1/${this.camera}/tickets`, { body });
    this.watermark = answer.watermark ?? '';
    return answer;
  }

  private isOver(answer: TicketAnswer): boolean {
    return Date.parse(answer.expire_time) <= this.now() + 60_000;
  }
}

export function rangeUrl(url: string, range: Range): string {
  const path = url.split('?', 1)[0] ?? url;
  const query = new URLSearchParams({ start: rfc3339(range.start), end: rfc3339(range.end), gaps: 'show' });
  return `${path}?${query.toString()}`;
}

function rfc3339(instant: number): string {
  return new Date(instant).toISOString();
}
