import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { TicketOffice, type Range } from '../api/tickets';
import type { GapCause } from '../api/types';
import { StreamPlayer, type PlayerState } from '../player/StreamPlayer';
import { useSession } from '../session/SessionProvider';
import { choose, type Programme } from './programme';
import type { DayRecord } from './record';

export type PlayNotice =
  { kind: 'skipped'; asked: number; cause: GapCause } | { kind: 'future' | 'nothingAfter' | 'ended' };

export interface DayPlayer {
  /** Null: nothing chosen yet, or the day is over. */
  programme: Programme | null;
  state: PlayerState;
  /** Live is meant, and the camera has no picture to show. */
  waitsForCamera: boolean;
  /** Wall time of the picture shown, epoch milliseconds. */
  instant: number | null;
  /** Drawn over the picture; empty when nothing has to be. */
  watermark: string;
  paused: boolean;
  speed: number;
  notice: PlayNotice | null;
  playFrom: (instant: number) => void;
  goLive: () => void;
  step: (milliseconds: number) => void;
  togglePlay: () => void;
  setSpeed: (speed: number) => void;
}

interface DayPlayerOptions {
  video: RefObject<HTMLVideoElement | null>;
  camera: string;
  day: Range;
  record: DayRecord;
  isToday: boolean;
  /** The camera has a picture now. */
  online: boolean;
}

const LOADING: PlayerState = { kind: 'loading' };

/** Plays one camera's day: live, or from any instant on, one stretch after the other. */
export function useDayPlayer({ video, camera, day, record, isToday, online }: DayPlayerOptions): DayPlayer {
  const { api, clock } = useSession();
  const [office] = useState(() => new TicketOffice(api, camera, clock.now));
  const player = useRef<StreamPlayer | null>(null);
  const [programme, setProgramme] = useState<Programme | null>(isToday ? { kind: 'live' } : null);
  const [state, setState] = useState<PlayerState>(LOADING);
  const [instant, setInstant] = useState<number | null>(null);
  const [watermark, setWatermark] = useState('');
  const [paused, setPaused] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [notice, setNotice] = useState<PlayNotice | null>(null);

  const begin = useCallback((next: Programme | null) => {
    setState(LOADING);
    setPaused(false);
    setProgramme(next);
  }, []);

  const goLive = useCallback(() => {
    setNotice(null);
    setSpeed(1);
    begin({ kind: 'live' });
  }, [begin]);

  const playFrom = (asked: number) => {
    const choice = choose(asked, record, day, clock.now());
    if (choice.kind === 'live') {
      goLive();
    } else if (choice.kind === 'nothing') {
      setNotice({ kind: choice.why });
    } else {
      const { range, skipped } = choice;
      setNotice(skipped === null ? null : { kind: 'skipped', asked, cause: skipped });
      setInstant(range.start);
      if (programme?.kind === 'recorded' && state.kind === 'playing' && player.current?.seek(range.start)) {
        void video.current?.play();
        setPaused(false);
      } else begin({ kind: 'recorded', range });
    }
  };

  const onEnded = (end: number) => {
    const choice = choose(end, record, day, clock.now());
    if (choice.kind === 'live') goLive();
    else if (choice.kind === 'recorded') begin({ kind: 'recorded', range: choice.range });
    else {
      setNotice({ kind: 'ended' });
      begin(null);
    }
  };
  // A player outlives renders: when a stretch ends it must meet the day's record as it is then, and the next
  // stretch begins at the speed chosen meanwhile.
  const whenEnded = useRef(onEnded);
  const rate = useRef(speed);
  useEffect(() => {
    whenEnded.current = onEnded;
    rate.current = speed;
  });

  const active = programme !== null && (programme.kind === 'recorded' || online);
  useEffect(() => {
    const element = video.current;
    if (!active || programme === null || element === null) return undefined;
    const recorded = programme.kind === 'recorded' ? programme.range : null;
    const stream = new StreamPlayer({
      video: element,
      live: recorded === null,
      open: async (renew, from) => {
        const url =
          recorded === null
            ? await office.liveUrl(renew)
            : await office.recordedUrl({ start: from ?? recorded.start, end: recorded.end }, renew);
        setWatermark(office.watermark);
        return url;
      },
      ...(recorded === null ? {} : { startAt: recorded.start, rate: rate.current }),
      onState: (next) => {
        if (next.kind === 'ended' && recorded !== null) whenEnded.current(recorded.end);
        else setState(next);
      },
      onInstant: setInstant,
    });
    player.current = stream;
    return () => {
      stream.stop();
      player.current = null;
    };
  }, [office, video, programme, active]);

  const changeSpeed = (next: number) => {
    setSpeed(next);
    player.current?.setRate(next);
  };

  const togglePlay = () => {
    const element = video.current;
    if (element === null) return;
    if (programme === null) {
      const first = record.spans[0];
      if (first !== undefined)
        playFrom(instant !== null && instant < (record.spans.at(-1)?.end ?? 0) ? instant : first.start);
    } else if (!paused) {
      element.pause();
      setPaused(true);
    } else if (programme.kind === 'live') {
      goLive(); // What was buffered when it was paused is the past by now.
    } else {
      void element.play();
      setPaused(false);
    }
  };

  return {
    programme,
    state: active ? state : LOADING,
    waitsForCamera: programme?.kind === 'live' && !online,
    instant,
    watermark,
    paused,
    speed,
    notice,
    playFrom,
    goLive,
    step: (milliseconds) => playFrom((instant ?? clock.now()) + milliseconds),
    togglePlay,
    setSpeed: changeSpeed,
  };
}
