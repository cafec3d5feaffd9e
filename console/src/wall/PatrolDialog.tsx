import { useId, useState, type FormEvent } from 'react';
import { RegionSelect } from '../cameras/RegionSelect';
import { useRegistry } from '../cameras/RegistryProvider';
import { camerasBelow } from '../cameras/tree';
import { Dialog } from '../design/Dialog';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import type { WallSize } from './layout';
import { groupsOf, LONGEST_S, SHORTEST_S, type PatrolPlan } from './patrol';

interface PatrolDialogProps {
  size: WallSize;
  onStart: (plan: PatrolPlan) => void;
  onClose: () => void;
}

/** Which cameras take turns, and how fast. */
export function PatrolDialog({ size, onStart, onClose }: PatrolDialogProps) {
  const { patrol: words } = useMessages();
  const { regions, cameras } = useRegistry();
  const id = useId();
  const [region, setRegion] = useState('');
  const [onlineOnly, setOnlineOnly] = useState(true);
  const [seconds, setSeconds] = useState('15');
  const chosen = camerasBelow(regions, cameras, region)
    .filter((camera) => camera.state !== 'DISABLED' && (!onlineOnly || camera.state === 'ONLINE'))
    .map((camera) => camera.name);
  const groups = groupsOf(chosen, size);
  const pace = Number(seconds);
  const wrong = !(pace >= SHORTEST_S && pace <= LONGEST_S);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong && groups.length > 0) onStart({ groups, seconds: pace });
  };

  return (
    <Dialog title={words.title} narrow onClose={onClose}>
      <form onSubmit={submit} data-testid="patrol-form">
        <div className="dialog-body patrol-form">
          <label className="field" htmlFor={`${id}-region`}>
            <span className="field-label">{words.region}</span>
            <RegionSelect id={`${id}-region`} value={region} none={words.everywhere} onChange={setRegion} />
          </label>
          <label className="field">
            <span className="field-label">{words.seconds}</span>
            <input
              type="number"
              data-testid="patrol-seconds"
              min={SHORTEST_S}
              max={LONGEST_S}
              value={seconds}
              aria-invalid={wrong}
              aria-describedby={`${id}-error`}
              onChange={(event) => setSeconds(event.target.value)}
            />
            <span id={`${id}-error`} className="field-error">
              {wrong ? words.secondsWrong(SHORTEST_S, LONGEST_S) : ''}
            </span>
          </label>
          <label className="switch">
            <input
              type="checkbox"
              checked={onlineOnly}
              onChange={(event) => setOnlineOnly(event.target.checked)}
            />
            <span>{words.onlineOnly}</span>
          </label>
          <p className="field-hint" role="status">
            {groups.length === 0 ? words.nobody : words.sum(chosen.length, groups.length)}
          </p>
        </div>
        <footer className="dialog-foot">
          <button
            type="submit"
            className="button button-primary"
            data-testid="patrol-start"
            disabled={wrong || groups.length === 0}
          >
            <Icon name="play" size={15} /> {words.start}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
