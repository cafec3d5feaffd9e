import { IconButton } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import type { PatrolControl } from './usePatrol';

/** Which group is shown, and what a person may do about it. */
export function PatrolBar({ patrol }: { patrol: PatrolControl }) {
  const { patrol: words } = useMessages();
  const { view, paused } = patrol;
  if (view === null) return null;
  return (
    <div
      className="patrol-bar"
      role="group"
      aria-label={words.title}
      data-testid="patrol-bar"
      data-group={view.index}
      data-held={view.held}
    >
      <span className="patrol-place">{words.place(view.index + 1, view.count)}</span>
      {view.held ? <span className="patrol-held">{paused ? words.paused : words.waits}</span> : null}
      <IconButton icon="chevronLeft" label={words.previous} onClick={() => patrol.step(-1)} />
      <IconButton
        icon={paused ? 'play' : 'pause'}
        label={paused ? words.goOn : words.pause}
        data-testid="patrol-pause"
        aria-pressed={paused}
        onClick={() => patrol.setPaused(!paused)}
      />
      <IconButton
        icon="chevronRight"
        label={words.next}
        data-testid="patrol-next"
        onClick={() => patrol.step(1)}
      />
      <IconButton icon="close" label={words.stop} data-testid="patrol-stop" onClick={patrol.stop} />
    </div>
  );
}
