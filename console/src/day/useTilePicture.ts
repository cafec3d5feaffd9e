import { useEffect, useRef, useState, type RefObject } from 'react';
import type { Range } from '../api/tickets';
import type { Camera } from '../api/types';
import type { PlayerState } from '../player/playerState';
import { RecordedPlayer } from '../player/RecordedPlayer';
import { StreamPlayer } from '../player/StreamPlayer';
import { useSession } from '../session/SessionProvider';
import { footageAt, type Lane } from './lane';
import { stretchFrom } from './programme';
import type { Playback } from './usePlayback';

export interface TilePicture {
  state: PlayerState;
  /** Drawn over the picture; empty when nothing has to be. */
  watermark: string;
}

const LOADING: PlayerState = { kind: 'loading' };

/** Keeps a camera's picture in a video element: live, or as one of the group that plays the past. */
export function useTilePicture(
  video: RefObject<HTMLVideoElement | null>,
  camera: Camera,
  day: Range,
  lane: Lane,
  playback: Playback,
  first: boolean,
): TilePicture {
  const { clock } = useSession();
  const { programme, office: officeOf, players, tellLive } = playback;
  const [shown, setShown] = useState<{ of: unknown; state: PlayerState }>({ of: null, state: LOADING });
  const [watermark, setWatermark] = useState('');
  // The group asks about footage for as long as it plays: it must meet the day's record as it is then.
  const newest = useRef(lane.record);
  useEffect(() => {
    newest.current = lane.record;
  });
  const active = programme !== null && (programme.kind === 'recorded' || camera.state === 'ONLINE');
  const { name } = camera;

  useEffect(() => {
    const element = video.current;
    if (!active || programme === null || element === null) return undefined;
    const office = officeOf(name);
    const onState = (state: PlayerState) => setShown({ of: programme, state });
    const marked = async (url: Promise<string>) => {
      const told = await url;
      setWatermark(office.watermark);
      return told;
    };
    if (programme.kind === 'live') {
      const stream = new StreamPlayer({
        video: element,
        open: (renew, encoding) => marked(office.liveUrl(renew, encoding)),
        onState,
        onInstant: (instant) => (first ? tellLive(instant) : undefined),
      });
      return () => stream.stop();
    }
    const player = new RecordedPlayer({
      video: element,
      rangeFrom: (instant) => stretchFrom(instant, day, clock.now()),
      open: (range, playlist, renew, encoding) =>
        marked(office.recordedUrl(range, renew, playlist, encoding)),
      onState,
    });
    players.set(name, player);
    programme.group.add(name, player, (instant) => footageAt(newest.current, instant));
    return () => {
      players.delete(name);
      programme.group.remove(name);
    };
  }, [video, programme, active, name, day, clock, officeOf, players, tellLive, first]);

  return { state: active && shown.of === programme ? shown.state : LOADING, watermark };
}
