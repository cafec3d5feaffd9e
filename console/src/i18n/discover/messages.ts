import type { Words } from '../words';

/** Finding a site's cameras, to register them. */
export type DiscoverMessages = Words<
  | 'find'
  | 'title'
  | 'networks'
  | 'networksHint'
  | 'username'
  | 'password'
  | 'credentialsHint'
  | 'look'
  | 'looking'
  | 'nothing'
  | 'all'
  | 'name'
  | 'address'
  | 'model'
  | 'picture'
  | 'state'
  | 'ptz'
  | 'isNew'
> & {
  choose: (name: string) => string;
  known: (id: string) => string;
  register: (count: number) => string;
  refused: (created: number, refused: number, detail: string) => string;
};
