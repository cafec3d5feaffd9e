import { useSyncExternalStore } from 'react';

export type Route =
  | { screen: 'wall' }
  /** `camera` is the resource name, "cameras/{id}"; `date` is yyyy-mm-dd, or null for today; `beside`: up to three more cameras. */
  | { screen: 'day'; camera: string; date: string | null; beside?: readonly string[] }
  /** Where somebody lets a set-top box in; `userCode` when the address brings it along. */
  | { screen: 'device'; userCode: string };

/** Routes live behind the hash, so that the server needs to know one page only. */
export function parseRoute(hash: string): Route {
  const device = /^#\/device(?:\?user_code=([A-Za-z-]{1,20}))?$/.exec(hash);
  if (device) return { screen: 'device', userCode: device[1] ?? '' };
  const match = /^#\/(cameras\/[a-z0-9-]+)(?:\/(\d{4}-\d{2}-\d{2}))?(?:\?beside=([a-z0-9,-]+))?$/.exec(hash);
  if (match?.[1] === undefined) return { screen: 'wall' };
  const day = { screen: 'day' as const, camera: match[1], date: match[2] ?? null };
  const beside = match[3]?.split(',').filter((id) => id !== '') ?? [];
  return beside.length === 0 ? day : { ...day, beside: beside.slice(0, 3).map((id) => `cameras/${id}`) };
}

export function hrefOf(route: Route): string {
  if (route.screen === 'wall') return '#/';
  if (route.screen === 'device') {
    return `#/device${route.userCode === '' ? '' : `?user_code=${route.userCode}`}`;
  }
  const beside = (route.beside ?? []).map((name) => name.replace('cameras/', '')).join(',');
  return `#/${route.camera}${route.date === null ? '' : `/${route.date}`}${beside === '' ? '' : `?beside=${beside}`}`;
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
