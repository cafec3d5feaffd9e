import { useEffect, useRef, useState, type RefObject } from 'react';
import { TicketOffice } from '../api/tickets';
import { StreamPlayer, type PlayerState } from '../player/StreamPlayer';
import { useSession } from '../session/SessionProvider';

export interface LivePicture {
  state: PlayerState;
  /** Wall time of the picture shown, epoch milliseconds. */
  instant: number | null;
  /** Drawn over the picture; empty when nothing has to be. */
  watermark: string;
}

/** Keeps one camera's live picture in the video element while `active`. */
export function useLivePicture(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  active: boolean,
): LivePicture {
  const { api, clock } = useSession();
  const office = useRef<TicketOffice | null>(null);
  const [state, setState] = useState<PlayerState>({ kind: 'loading' });
  const [instant, setInstant] = useState<number | null>(null);
  const [watermark, setWatermark] = useState('');

  useEffect(() => {
    const element = video.current;
    if (!active || element === null) return undefined;
    office.current ??= new TicketOffice(api, camera, clock.now);
    const tickets = office.current;
    const player = new StreamPlayer({
      video: element,
      open: async (renew) => {
        const url = await tickets.liveUrl(renew);
        setWatermark(tickets.watermark);
        return url;
      },
      onState: setState,
      onInstant: setInstant,
    });
    return () => {
      player.stop();
      setState({ kind: 'loading' });
      setInstant(null);
    };
  }, [api, clock, video, camera, active]);

  return { state, instant, watermark };
}
