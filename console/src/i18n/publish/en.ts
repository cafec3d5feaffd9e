import type { PublishMessages } from './messages';

export const publish: PublishMessages = {
  keys: 'Publish keys',
  title: (camera) => `Publish keys of ${camera}`,
  hint: 'The camera connects to the platform and publishes there, with one of these keys.',
  notListening: 'The platform does not tell where cameras publish. Ask whoever runs it.',
  noKeys: 'No keys yet: the camera cannot publish.',
  label: 'What the key is for',
  make: 'Make a key',
  once: 'Copy the address now: it holds the key, which is not shown again.',
  address: (protocol) => `${protocol} address`,
  copy: 'Copy',
  copied: 'Copied',
  remove: (key) => `Delete the key ${key}`,
  removeHint: 'Deleting a key ends what is published with it.',
  unnamed: 'without a name',
};
