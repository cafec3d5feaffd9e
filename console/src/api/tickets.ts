import type { ApiClient } from './client';
import { isForbidden } from './problem';
import type { TicketAnswer } from './types';

/** A range of footage, epoch milliseconds, half open. */
export interface Range {
  start: number;
  end: number;
}

/** Which playlist of a range: all pictures, or key frames alone. */
export type Playlist = 'vod.m3u8' | 'vod.iframes.m3u8';

/** As the camera made its pictures, or as H.264 for who cannot decode those. */
export type Encoding = 'own' | 'h264';

/** No ticket opens more at a time. */
const LONGEST_WINDOW_MS = 86_400_000;

/** Every ticket is a line in the audit, so one is kept as long as it opens what is asked. */
export class TicketOffice {
  /** What the last ticket wants drawn over the picture; empty when nothing. */
  watermark = '';
  private live: TicketAnswer | null = null;
  private recorded: { window: Range; answer: TicketAnswer } | null = null;
  private asking: Promise<unknown> = Promise.resolve();
  private readonly api: ApiClient;
  private readonly camera: string;
  private readonly now: () => number;
  private readonly day: Range | null;

  /** `day`: what a person is likely to look through; one ticket then opens all of it. */
  constructor(api: ApiClient, camera: string, now: () => number, day: Range | null = null) {
    this.api = api;
    this.camera = camera;
    this.now = now;
    this.day = day;
  }

  /** URL of a live playlist. `renew` after the media path refused the ticket we had. */
  async liveUrl(renew: boolean, encoding: Encoding = 'own'): Promise<string> {
    if (renew || this.live === null || this.isOver(this.live)) {
      this.live = await this.issue({ action: 'live' });
    }
    const { hls } = this.live.urls;
    return encoding === 'own' ? hls : hls.replace('/live.m3u8', `/live/${encoding}/media.m3u8`);
  }

  /** URL of the playlist of a range in which gaps keep their length, so that media time follows wall time. */
  async recordedUrl(
    range: Range,
    renew: boolean,
    playlist: Playlist = 'vod.m3u8',
    encoding: Encoding = 'own',
  ): Promise<string> {
    const answer = await this.recordedTicket(range, renew);
    const url = rangeUrl(answer.urls.hls.replace('/vod.m3u8', `/${playlist}`), range);
    return encoding === 'own' ? url : `${url}&rendition=${encoding}`;
  }

  /** Where the previews of an instant are, "/snapshot/{ticket}". */
  previews(instant: number): Promise<string> {
    return this.pictures({ start: instant, end: instant + 1 });
  }

  /** Where the small pictures of a range are, likewise. */
  async pictures(range: Range): Promise<string> {
    const answer = await this.recordedTicket(range, false);
    return `/snapshot/${answer.ticket}`;
  }

  /** Who asks while another asks waits for that answer first: it may open this as well. */
  private recordedTicket(range: Range, renew: boolean): Promise<TicketAnswer> {
    const held = this.recorded;
    const asked = this.asking.then(() => this.takeRecorded(range, renew && held === this.recorded));
    this.asking = asked.catch(() => undefined);
    return asked;
  }

  private async takeRecorded(range: Range, renew: boolean): Promise<TicketAnswer> {
    const held = this.recorded;
    const opens = held !== null && held.window.start <= range.start && range.end <= held.window.end;
    if (!renew && held !== null && opens && !this.isOver(held.answer)) return held.answer;
    const window = this.day === null ? range : widened(range, this.day);
    try {
      return await this.playback(window);
    } catch (error) {
      // Somebody who may see an hour of a day may still see that.
      if (window === range || !isForbidden(error)) throw error;
      return await this.playback(range);
    }
  }

  private async playback(window: Range): Promise<TicketAnswer> {
    const { start, end } = window;
    const answer = await this.issue({ action: 'playback', start: rfc3339(start), end: rfc3339(end) });
    this.recorded = { window, answer };
    return answer;
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

/** The day around a range, as far as one ticket reaches: a day on which clocks go back is longer. */
function widened(range: Range, day: Range): Range {
  const start = Math.min(day.start, range.start);
  const end = Math.max(day.end, range.end);
  if (end - start <= LONGEST_WINDOW_MS) return { start, end };
  if (range.end - start <= LONGEST_WINDOW_MS) return { start, end: start + LONGEST_WINDOW_MS };
  return { start: end - LONGEST_WINDOW_MS, end };
}
