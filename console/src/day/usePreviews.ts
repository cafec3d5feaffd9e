import { useEffect, useState } from 'react';
import type { TicketOffice } from '../api/tickets';
import { useSession } from '../session/SessionProvider';
import { Previews } from './previews';

/** The screen's previews; their memory is given back when it closes. */
export function usePreviews(office: (camera: string) => TicketOffice): Previews {
  const { clock } = useSession();
  const [previews] = useState(
    () => new Previews({ base: (camera, instant) => office(camera).previews(instant), now: clock.now }),
  );
  useEffect(() => () => previews.close(), [previews]);
  return previews;
}
