import { useState } from 'react';
import type { NearCamera } from '../api/near';
import { isAway } from '../api/problem';
import { useRegistry } from '../cameras/RegistryProvider';
import { StarButton } from '../cameras/StarButton';
import { regionPath } from '../cameras/tree';
import { Notice, Spinner } from '../design/controls';
import { Icon } from '../design/icons';
import { ExportDialog } from '../evidence/ExportDialog';
import { HoldDialog } from '../evidence/HoldDialog';
import { formatDuration } from '../i18n/format';
import { useLocale, useMessages } from '../i18n/LocaleProvider';
import { clockOf, dateOf, dateTimeOf } from '../i18n/zone';
import { hrefOf } from '../route';
import { useSession } from '../session/SessionProvider';
import type { Found } from './useNear';
import { type Wish } from './wish';

/** As many as the day view plays together, and as many as one export takes. */
const MOST_PLAYED = 4;
const MOST_TAKEN = 16;

interface NearResultsProps {
  wish: Wish;
  found: Found;
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

export function NearResults({ wish, found, chosen, onChoose }: NearResultsProps) {
  const messages = useMessages();
  const words = messages.take;
  const { clock } = useSession();
  const [dialog, setDialog] = useState<'export' | 'hold' | null>(null);
  const names = found.cameras.map((each) => each.name).filter((name) => chosen.has(name));
  const end = wish.start + wish.minutes * 60_000;
  /** Nothing is taken or held of what has not come yet. */
  const past = Math.max(wish.start + 1000, Math.min(end, clock.now() - 1000));
  if (found.phase === 'failed') {
    const detail = found.error instanceof Error ? found.error.message : '';
    return (
      <Notice
        icon="alert"
        tone="bad"
        title={isAway(found.error) ? messages.common.serverAway : messages.common.failed(detail)}
      />
    );
  }
  const recorded = found.cameras.filter((each) => each.spans.length > 0).length;
  return (
    <section className="near-results" data-testid="near-results" data-phase={found.phase}>
      <header>
        <h2>
          <span role="status">{words.foundCameras(found.cameras.length, recorded)}</span>
        </h2>
        <span className="faint digits">
          {dateTimeOf(wish.start)} – {dateOf(end) === dateOf(wish.start) ? clockOf(end) : dateTimeOf(end)}
        </span>
      </header>
      {found.phase === 'loading' && found.cameras.length === 0 ? (
        <Spinner label={messages.common.loading} />
      ) : null}
      <ul>
        {found.cameras.map((camera) => (
          <NearRow
            key={camera.name}
            camera={camera}
            wish={wish}
            chosen={chosen.has(camera.name)}
            full={names.length >= MOST_TAKEN}
            onChoose={(yes) => {
              const next = new Set(chosen);
              if (yes) next.add(camera.name);
              else next.delete(camera.name);
              onChoose(next);
            }}
          />
        ))}
      </ul>
      {found.cameras.length > 0 ? (
        <footer className="near-actions">
          <PlayLink names={names} start={wish.start} />
          <button
            type="button"
            className="button"
            data-testid="near-export"
            disabled={names.length === 0}
            onClick={() => setDialog('export')}
          >
            <Icon name="take" size={16} /> {words.exportThem}
          </button>
          <button
            type="button"
            className="button"
            data-testid="near-hold"
            disabled={names.length === 0}
            onClick={() => setDialog('hold')}
          >
            <Icon name="hold" size={16} /> {words.holdThem}
          </button>
        </footer>
      ) : null}
      {dialog === 'export' ? (
        <ExportDialog cameras={names} start={wish.start} end={past} onClose={() => setDialog(null)} />
      ) : null}
      {dialog === 'hold' ? (
        <HoldDialog cameras={names} start={wish.start} end={past} onClose={() => setDialog(null)} />
      ) : null}
    </section>
  );
}

function PlayLink({ names, start }: { names: string[]; start: number }) {
  const words = useMessages().take;
  const [first] = names;
  const text = (
    <>
      <Icon name="play" size={15} /> {words.playThem(names.length)}
    </>
  );
  if (first === undefined || names.length > MOST_PLAYED) {
    return (
      <button type="button" className="button button-primary" disabled title={words.playAtMost(MOST_PLAYED)}>
        {text}
      </button>
    );
  }
  const beside = names.slice(1);
  const href = hrefOf({ screen: 'day', camera: first, date: dateOf(start), beside, at: start });
  return (
    <a className="button button-primary" data-testid="near-play" href={href}>
      {text}
    </a>
  );
}

interface NearRowProps {
  camera: NearCamera;
  wish: Wish;
  chosen: boolean;
  full: boolean;
  onChoose: (chosen: boolean) => void;
}

function NearRow({ camera, wish, chosen, full, onChoose }: NearRowProps) {
  const { locale, messages } = useLocale();
  const { regions } = useRegistry();
  const end = wish.start + wish.minutes * 60_000;
  const spans = camera.spans.map((span) => [Date.parse(span.start), Date.parse(span.end)] as const);
  const total = spans.reduce((sum, [from, to]) => sum + to - from, 0);
  return (
    <li className="near-row" data-testid="near-camera" data-camera={camera.name}>
      <label>
        <input
          type="checkbox"
          checked={chosen}
          disabled={full && !chosen}
          onChange={(event) => onChoose(event.target.checked)}
        />
        <i className="state-dot" data-state={camera.state.toLowerCase()} aria-hidden="true" />
        <span className="near-name">{camera.display_name}</span>
        <span className="visually-hidden">{messages.state[camera.state]}</span>
        <span className="digits">{Math.round(camera.distance_m)} m</span>
      </label>
      <StarButton camera={camera.name} name={camera.display_name} />
      <svg className="near-spans" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
        {spans.map(([from, to]) => (
          <rect
            key={from}
            x={(1000 * (from - wish.start)) / (end - wish.start)}
            width={Math.max(2, (1000 * (to - from)) / (end - wish.start))}
            height="10"
          />
        ))}
      </svg>
      <span className="near-about">
        {regionPath(regions, camera.region).slice(-2).join(' / ')}
        <span>
          {total === 0 ? messages.take.noFootage : messages.take.footage(formatDuration(total, locale))}
          {camera.more_spans ? ` ${messages.take.moreSpans}` : ''}
        </span>
      </span>
    </li>
  );
}
