import type { ApiClient } from './client';
import type { Camera } from './types';

export interface NearCamera extends Pick<
  Camera,
  'name' | 'uid' | 'display_name' | 'region' | 'location' | 'ownership' | 'state' | 'state_reason'
> {
  distance_m: number;
  spans: { start: string; end: string }[];
  more_spans: boolean;
}
/** Degrees of WGS-84, metres, epoch milliseconds. */
export interface NearQuestion {
  latitude: number;
  longitude: number;
  radius: number;
  start: number;
  end: number;
}

const PAGE_SIZE = 200;

/** All cameras in the circle, nearest first, with what each recorded; `onPage` as they come. */
export async function footageNear(
  api: ApiClient,
  question: NearQuestion,
  onPage: (sofar: NearCamera[]) => void,
  signal?: AbortSignal,
): Promise<void> {
  const cameras: NearCamera[] = [];
  let pageToken = '';
  do {
    const page = await api.request<{ cameras?: NearCamera[]; next_page_token?: string }>(
      'GET',
      '/v1/footage:near',
      {
        query: {
          latitude: question.latitude,
          longitude: question.longitude,
          radius: question.radius,
          start: new Date(question.start).toISOString(),
          end: new Date(question.end).toISOString(),
          page_size: PAGE_SIZE,
          page_token: pageToken,
        },
        signal,
      },
    );
    cameras.push(...(page.cameras ?? []));
    onPage([...cameras]);
    pageToken = page.next_page_token ?? '';
  } while (pageToken !== '');
}
