import { useEffect, useRef, useState, type RefObject } from 'react';
import { TicketOffice } from '../api/tickets';
import { StreamPlayer, type PlayerState } from '../player/StreamPlayer';
import { useSession } from '../session/SessionProvider';

export interface LivePicture {
  state: PlayerState;
  /** Wall time of the picture shown, epoch milliseconds. */
  instant: number | null;
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

  useEffect(() => {
    const element = video.current;
    if (!active || element === null) return undefined;
    office.current ??= new TicketOffice(api, camera, clock.now);
    const tickets = office.current;
    const player = new StreamPlayer({
      video: element,
      live: true,
      open: (renew) => tickets.liveUrl(renew),
      onState: setState,
      onInstant: setInstant,
    });
    return () => {
      player.stop();
      setState({ kind: 'loading' });
      setInstant(null);
    };
  }, [api, clock, video, camera, active]);

  return { state, instant };
}
