import { lazy, Suspense, useState } from 'react';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';

const ExportDialog = lazy(() =>
  import('../evidence/ExportDialog').then(({ ExportDialog: dialog }) => ({ default: dialog })),
);
const HoldDialog = lazy(() =>
  import('../evidence/HoldDialog').then(({ HoldDialog: dialog }) => ({ default: dialog })),
);

interface TakeActionsProps {
  cameras: string[];
  /** Wall time of the picture shown, epoch milliseconds; null while there is none. */
  instant: number | null;
  now: number;
}

/** So much on both sides of the picture that is looked at, ms. */
const AROUND_MS = 10_000;
/** What came last, where no picture is looked at, ms. */
const LATEST_MS = 60_000;

/** Takes along, or keeps, what is being looked at. */
export function TakeActions({ cameras, instant, now }: TakeActionsProps) {
  const words = useMessages().take;
  const [asked, setAsked] = useState<{ dialog: 'export' | 'hold'; start: number; end: number } | null>(null);
  const ask = (dialog: 'export' | 'hold') => {
    const [start, end] =
      instant === null ? [now - LATEST_MS, now] : [instant - AROUND_MS, Math.min(instant + AROUND_MS, now)];
    setAsked({ dialog, start, end });
  };
  const close = () => setAsked(null);
  return (
    <>
      {(['export', 'hold'] as const).map((dialog) => {
        const label = dialog === 'export' ? words.exportThem : words.holdThem;
        return (
          <button
            key={dialog}
            type="button"
            className="quiet-button"
            data-testid={`day-${dialog}`}
            aria-label={label}
            title={label}
            onClick={() => ask(dialog)}
          >
            <Icon name={dialog === 'export' ? 'take' : 'hold'} size={16} />
            <span className="topbar-label">{label}</span>
          </button>
        );
      })}
      {asked === null ? null : (
        <Suspense fallback={null}>
          {asked.dialog === 'export' ? (
            <ExportDialog cameras={cameras} start={asked.start} end={asked.end} onClose={close} />
          ) : (
            <HoldDialog cameras={cameras} start={asked.start} end={asked.end} onClose={close} />
          )}
        </Suspense>
      )}
    </>
  );
}
