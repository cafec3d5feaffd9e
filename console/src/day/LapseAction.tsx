import { lazy, Suspense, useState } from 'react';
import type { Range, TicketOffice } from '../api/tickets';
import type { Camera } from '../api/types';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';

const LapseDialog = lazy(() =>
  import('../lapse/LapseDialog').then(({ LapseDialog: dialog }) => ({ default: dialog })),
);

interface LapseActionProps {
  camera: Camera;
  day: Range;
  office: (camera: string) => TicketOffice;
  onPick: (instant: number) => void;
}

/** Shows the day as a film; what is picked there is played. */
export function LapseAction({ camera, day, office, onPick }: LapseActionProps) {
  const label = useMessages().lapse.open;
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button
        type="button"
        className="quiet-button"
        data-testid="day-lapse"
        aria-label={label}
        title={label}
        onClick={() => setOpen(true)}
      >
        <Icon name="film" size={16} />
        <span className="topbar-label">{label}</span>
      </button>
      {open ? (
        <Suspense fallback={null}>
          <LapseDialog
            camera={camera.name}
            title={camera.display_name}
            day={day}
            office={office(camera.name)}
            onPick={(instant) => {
              close();
              onPick(instant);
            }}
            onClose={close}
          />
        </Suspense>
      ) : null}
    </>
  );
}
