import type { Words } from '../words';

/** A day as a film of small pictures. */
export type LapseMessages = Words<
  | 'open'
  | 'title'
  | 'from'
  | 'to'
  | 'every'
  | 'show'
  | 'loading'
  | 'nothing'
  | 'nothingHint'
  | 'denied'
  | 'turnedOff'
  | 'failed'
  | 'needRange'
  | 'tooFine'
  | 'speed'
  | 'position'
  | 'waiting'
  | 'missing'
  | 'help'
  | 'previous'
  | 'next'
> & {
  seconds: (count: number) => string;
  minutes: (count: number) => string;
  hours: (count: number) => string;
  /** Pictures a second. */
  rate: (pictures: number) => string;
  /** `time`: date and time of the picture. */
  playFrom: (time: string) => string;
  pictures: (count: number) => string;
};
