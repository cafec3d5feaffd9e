import { useSyncExternalStore } from 'react';

export type Route =
  | { screen: 'wall' }
  /** `camera` is the resource name, "cameras/{id}"; `date` is yyyy-mm-dd, or null for today. */
  | { screen: 'day'; camera: string; date: string | null }
  /** Where somebody lets a set-top box in; `userCode` when the address brings it along. */
  | { screen: 'device'; userCode: string }
  /** Running the system; `page` is one of operate/entries.ts, "" for the first that is open to the person. */
  | { screen: 'operate'; page: string };

/** Routes live behind the hash, so that the server needs to know one page only. */
export function parseRoute(hash: string): Route {
  const device = /^#\/device(?:\?user_code=([A-Za-z-]{1,20}))?$/.exec(hash);
  if (device) return { screen: 'device', userCode: device[1] ?? '' };
  const operate = /^#\/operate(?:\/([a-z]{1,20}))?$/.exec(hash);
  if (operate) return { screen: 'operate', page: operate[1] ?? '' };
  const match = /^#\/(cameras\/[a-z0-9-]+)(?:\/(\d{4}-\d{2}-\d{2}))?$/.exec(hash);
  if (match?.[1] === undefined) return { screen: 'wall' };
  return { screen: 'day', camera: match[1], date: match[2] ?? null };
}

export function hrefOf(route: Route): string {
  if (route.screen === 'wall') return '#/';
  if (route.screen === 'device') {
    return `#/device${route.userCode === '' ? '' : `?user_code=${route.userCode}`}`;
  }
  if (route.screen === 'operate') return `#/operate${route.page === '' ? '' : `/${route.page}`}`;
  return `#/${route.camera}${route.date === null ? '' : `/${route.date}`}`;
}

export function goTo(route: Route): void {
  window.location.hash = hrefOf(route);
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  return parseRoute(hash);
}
