import { useEffect, useRef, useState, type RefObject } from 'react';
import { LivePicture, type LiveState } from '../player/LivePicture';
import type { Wish } from '../player/rendition';
import { useLive } from './LiveProvider';

interface LivePictureView {
  state: LiveState;
  /** Wall time of the picture shown, epoch milliseconds. */
  instant: number | null;
  /** The same of the last one that was shown, also while there is none. */
  lastPicture: number | null;
  /** Drawn over the picture; empty when nothing has to be. */
  watermark: string;
  /** Tries now what was given up or waits. */
  again: () => void;
}

const CONNECTING: LiveState = { kind: 'connecting' };

/** Keeps one camera's live picture in the video element while `active`. */
export function useLivePicture(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  active: boolean,
  audible: boolean,
  { small, hasSub }: Wish,
): LivePictureView {
  const { socket, tickets } = useLive();
  const picture = useRef<LivePicture | null>(null);
  const [state, setState] = useState<LiveState>(CONNECTING);
  const [instant, setInstant] = useState<number | null>(null);
  const [lastPicture, setLastPicture] = useState<number | null>(null);
  const [watermark, setWatermark] = useState('');
  const wish = useRef<Wish>({ small, hasSub });

  useEffect(() => {
    wish.current = { small, hasSub };
    picture.current?.prefer(wish.current);
  }, [small, hasSub]);

  useEffect(() => {
    const element = video.current;
    if (!active || element === null) return undefined;
    const live = new LivePicture({
      video: element,
      camera,
      socket,
      wish: wish.current,
      playlist: async () => {
        tickets.drop(camera); // The path does not tell why it refused the last one.
        const answer = await tickets.get(camera);
        setWatermark(answer.watermark ?? '');
        return answer.urls.hls;
      },
      onState: setState,
      onInstant: (shown) => {
        setInstant(shown);
        setLastPicture(shown);
      },
      onWatermark: setWatermark,
    });
    picture.current = live;
    return () => {
      picture.current = null;
      live.stop();
      setState(CONNECTING);
      setInstant(null);
    };
  }, [video, camera, active, socket, tickets]);

  useEffect(() => {
    picture.current?.hear(audible);
  }, [audible, video, camera, active, socket, tickets]);

  return { state, instant, lastPicture, watermark, again: () => picture.current?.again() };
}
