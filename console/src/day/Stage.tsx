import type { RefObject } from 'react';
import type { Range } from '../api/tickets';
import type { Camera } from '../api/types';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';
import { clockOf } from '../i18n/zone';
import type { Lane } from './lane';
import { PlaybackTile } from './PlaybackTile';
import type { Playback, PlayNotice } from './usePlayback';

interface StageProps {
  stage: RefObject<HTMLElement | null>;
  cameras: readonly Camera[];
  lanes: readonly Lane[];
  day: Range;
  playback: Playback;
  muted: boolean;
  onRemove: (camera: string) => void;
}

/** The pictures of one to four cameras, all of the same instant. */
export function Stage({ stage, cameras, lanes, day, playback, muted, onRemove }: StageProps) {
  const messages = useMessages();
  const { programme, notice } = playback;
  return (
    <section
      ref={stage}
      className="stage"
      data-testid="day-stage"
      data-mode={programme?.kind ?? 'idle'}
      data-cameras={cameras.length}
    >
      {cameras.map((camera, index) => {
        const lane = lanes[index];
        return lane === undefined ? null : (
          <PlaybackTile
            key={camera.name}
            camera={camera}
            day={day}
            lane={lane}
            playback={playback}
            muted={muted}
            first={index === 0}
            alone={cameras.length === 1}
            onRemove={() => onRemove(camera.name)}
          />
        );
      })}
      <p className="stage-notice" role="status">
        {notice ? <span>{noticeText(notice, messages)}</span> : null}
      </p>
    </section>
  );
}

function noticeText(notice: PlayNotice, messages: Messages): string {
  if (notice.kind === 'skipped')
    return messages.day.skipped(clockOf(notice.asked), messages.causes[notice.cause]);
  return messages.day[notice.kind];
}
