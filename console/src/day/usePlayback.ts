import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { TicketOffice, type Range } from '../api/tickets';
import type { Camera, GapCause } from '../api/types';
import type { RecordedPlayer } from '../player/RecordedPlayer';
import { SyncGroup } from '../player/SyncGroup';
import { useSession } from '../session/SessionProvider';
import { markBeside, marksOf, type Lane } from './lane';
import { choose } from './programme';
import { unionOf } from './record';

export type PlayNotice =
  { kind: 'skipped'; asked: number; cause: GapCause } | { kind: 'future' | 'nothingAfter' | 'ended' };

/** What is on screen, or is about to be. */
export type Programme = { kind: 'live' } | { kind: 'recorded'; group: SyncGroup<GapCause> };

export interface Playback {
  /** Null: nothing chosen yet, or the day is over. */
  programme: Programme | null;
  /** Wall time of the picture shown, epoch milliseconds. */
  instant: number | null;
  /** Why a camera has no picture at that instant, by its name. */
  missing: ReadonlyMap<string, GapCause>;
  paused: boolean;
  speed: number;
  notice: PlayNotice | null;
  playFrom: (instant: number) => void;
  goLive: () => void;
  step: (milliseconds: number) => void;
  stepFrame: (direction: -1 | 1) => void;
  stepMark: (direction: -1 | 1) => void;
  togglePlay: () => void;
  setSpeed: (speed: number) => void;
  /** The first camera's live picture was taken then. */
  tellLive: (instant: number) => void;
  office: (camera: string) => TicketOffice;
  /** Each tile tells of its player, so that frames can be stepped through. */
  players: Map<string, RecordedPlayer>;
}

const TICK_MS = 100;
/** The clock beside the picture moves so often, ms. */
const TELL_MS = 200;
const NOTHING: ReadonlyMap<string, GapCause> = new Map();

/** Plays a day of some cameras together: live, or from any instant on. */
export function usePlayback(
  cameras: readonly Camera[],
  day: Range,
  lanes: readonly Lane[],
  isToday: boolean,
): Playback {
  const { api, clock } = useSession();
  const [offices] = useState(() => new Map<string, TicketOffice>());
  const [players] = useState(() => new Map<string, RecordedPlayer>());
  const [programme, setProgramme] = useState<Programme | null>(isToday ? { kind: 'live' } : null);
  const [instant, setInstant] = useState<number | null>(null);
  const [missing, setMissing] = useState(NOTHING);
  const [paused, setPaused] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [notice, setNotice] = useState<PlayNotice | null>(null);
  const group = programme?.kind === 'recorded' ? programme.group : null;
  const record = useMemo(() => unionOf(lanes.map((lane) => lane.record)), [lanes]);

  const office = useCallback(
    (camera: string) => {
      const known = offices.get(camera) ?? new TicketOffice(api, camera, clock.now, day);
      offices.set(camera, known);
      return known;
    },
    [api, clock, day, offices],
  );

  const begin = (next: Programme | null) => {
    if (group !== null && next?.kind !== 'recorded') group.stop();
    setMissing(NOTHING);
    setPaused(false);
    setProgramme(next);
  };
  const goLive = () => {
    setNotice(null);
    setSpeed(1);
    begin({ kind: 'live' });
  };

  const onEnd = (end: number) => {
    const choice = choose(end, record, day, clock.now());
    if (choice.kind === 'live') goLive();
    else if (choice.kind === 'recorded') group?.seek(choice.instant);
    else {
      setNotice({ kind: 'ended' });
      begin(null);
    }
  };
  // A group outlives renders, and asks when footage ends: it must meet the day's record as it is then.
  const newest = useRef({ onEnd });
  useEffect(() => {
    newest.current = { onEnd };
  });

  const newGroup = (from: number): SyncGroup<GapCause> => {
    let told = -Infinity;
    const fresh = new SyncGroup<GapCause>(from, {
      now: () => performance.now(),
      onState: (state) => {
        if (performance.now() - told < TELL_MS) return;
        told = performance.now();
        setInstant(Math.round(state.instant));
        setMissing((before) => (sameEntries(before, state.missing) ? before : state.missing));
      },
      onSkip: (asked, _to, cause) => setNotice({ kind: 'skipped', asked, cause }),
      onEnd: (end) => newest.current.onEnd(end),
    });
    fresh.setSpeed(speed);
    return fresh;
  };
  useEffect(() => {
    if (group === null) return undefined;
    const timer = setInterval(() => group.tick(), TICK_MS);
    return () => clearInterval(timer);
  }, [group]);

  const playFrom = (asked: number) => {
    const choice = choose(asked, record, day, clock.now());
    if (choice.kind === 'live') {
      goLive();
    } else if (choice.kind === 'nothing') {
      setNotice({ kind: choice.why });
    } else {
      setNotice(choice.skipped === null ? null : { kind: 'skipped', asked, cause: choice.skipped });
      setInstant(choice.instant);
      if (group === null) begin({ kind: 'recorded', group: newGroup(choice.instant) });
      else {
        group.play();
        group.seek(choice.instant);
        setPaused(false);
      }
    }
  };

  const pause = () => {
    group?.pause();
    setPaused(true);
  };
  const togglePlay = () => {
    if (programme === null) {
      const first = record.spans[0];
      if (first !== undefined)
        playFrom(instant !== null && instant < (record.spans.at(-1)?.end ?? 0) ? instant : first.start);
    } else if (!paused) {
      pause();
    } else if (group === null) {
      goLive(); // What was buffered when it was paused is the past by now.
    } else {
      group.play();
      setPaused(false);
    }
  };

  const stepFrame = async (direction: -1 | 1) => {
    const lead = cameras.find((camera) => !missing.has(camera.name) && players.has(camera.name));
    if (group === null || lead === undefined) return;
    pause();
    const shown = await players.get(lead.name)?.stepFrame(direction);
    if (shown === null || shown === undefined) return;
    group.follow(lead.name, shown);
    setInstant(shown);
  };
  const stepMark = (direction: -1 | 1) => {
    const from = instant ?? clock.now();
    const mark = markBeside(marksOf(lanes), from, direction);
    if (mark !== null) playFrom(mark);
  };

  return {
    programme,
    instant,
    missing,
    paused,
    speed,
    notice,
    playFrom,
    goLive,
    step: (milliseconds) => playFrom((instant ?? clock.now()) + milliseconds),
    stepFrame: (direction) => void stepFrame(direction),
    stepMark,
    togglePlay,
    setSpeed: (next) => {
      setSpeed(next);
      group?.setSpeed(next);
    },
    tellLive: setInstant,
    office,
    players,
  };
}

function sameEntries<Value>(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
