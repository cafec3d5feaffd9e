import type { Words } from '../words';

/** Keys with which cameras publish. */
export type PublishMessages = Words<
  | 'keys'
  | 'hint'
  | 'notListening'
  | 'noKeys'
  | 'label'
  | 'make'
  | 'once'
  | 'copy'
  | 'copied'
  | 'removeHint'
  | 'unnamed'
> & {
  title: (camera: string) => string;
  address: (protocol: string) => string;
  remove: (key: string) => string;
};
