import { useSyncExternalStore } from 'react';

export type Route =
  | { screen: 'wall' }
  /** `camera` is the resource name, "cameras/{id}"; `date` is yyyy-mm-dd, or null for today; `beside`: up to three more cameras; `at`: where it begins, epoch milliseconds. */
  | { screen: 'day'; camera: string; date: string | null; beside?: readonly string[]; at?: number }
  /** Where somebody lets a set-top box in; `userCode` when the address brings it along. */
  | { screen: 'device'; userCode: string }
  /** The map; `query` is what is looked for around a point ("latitude=…&…"), empty for nothing yet. */
  | { screen: 'find'; query: string }
  | { screen: 'evidence'; tab: 'exports' | 'holds' }
  /** Running the system; `page` is one of operate/entries.ts, "" for the first that is open to the person. */
  | { screen: 'operate'; page: string };

/** Routes live behind the hash, so that the server needs to know one page only. */
export function parseRoute(hash: string): Route {
  const device = /^#\/device(?:\?user_code=([A-Za-z-]{1,20}))?$/.exec(hash);
  if (device) return { screen: 'device', userCode: device[1] ?? '' };
  const find = /^#\/find(?:\?(.*))?$/.exec(hash);
  if (find) return { screen: 'find', query: find[1] ?? '' };
  const evidence = /^#\/(exports|holds)$/.exec(hash);
  if (evidence) return { screen: 'evidence', tab: evidence[1] as 'exports' | 'holds' };
  const operate = /^#\/operate(?:\/([a-z]{1,20}))?$/.exec(hash);
  if (operate) return { screen: 'operate', page: operate[1] ?? '' };
  const match = /^#\/(cameras\/[a-z0-9-]+)(?:\/(\d{4}-\d{2}-\d{2}))?(?:\?(.*))?$/.exec(hash);
  if (match?.[1] === undefined) return { screen: 'wall' };
  const query = new URLSearchParams(match[3] ?? '');
  const beside = (query.get('beside') ?? '').split(',').filter((id) => /^[a-z0-9-]+$/.test(id));
  const at = Date.parse(query.get('at') ?? '');
  return {
    screen: 'day',
    camera: match[1],
    date: match[2] ?? null,
    ...(beside.length === 0 ? {} : { beside: beside.slice(0, 3).map((id) => `cameras/${id}`) }),
    ...(Number.isNaN(at) ? {} : { at }),
  };
}

export function hrefOf(route: Route): string {
  if (route.screen === 'wall') return '#/';
  if (route.screen === 'device') {
    return `#/device${route.userCode === '' ? '' : `?user_code=${route.userCode}`}`;
  }
  if (route.screen === 'find') return `#/find${route.query === '' ? '' : `?${route.query}`}`;
  if (route.screen === 'evidence') return `#/${route.tab}`;
  if (route.screen === 'operate') return `#/operate${route.page === '' ? '' : `/${route.page}`}`;
  const beside = (route.beside ?? []).map((name) => name.replace('cameras/', '')).join(',');
  const at = route.at === undefined ? '' : `at=${new Date(route.at).toISOString()}`;
  const query = [beside === '' ? '' : `beside=${beside}`, at].filter((part) => part !== '').join('&');
  return `#/${route.camera}${route.date === null ? '' : `/${route.date}`}${query === '' ? '' : `?${query}`}`;
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
