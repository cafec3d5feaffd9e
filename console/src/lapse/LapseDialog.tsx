import { useCallback, useState, type FormEvent } from 'react';
import { TicketOffice, type Range } from '../api/tickets';
import { Notice, Spinner } from '../design/controls';
import { Dialog } from '../design/Dialog';
import { Field } from '../design/Field';
import { instantOf, localOf } from '../find/wish';
import { useMessages } from '../i18n/LocaleProvider';
import type { LapseMessages } from '../i18n/lapse/messages';
import { useSession } from '../session/SessionProvider';
import { FilmView } from './FilmView';
import type { LapseWish } from './frames';
import './lapse.css';
import { fits, INTERVALS } from './track';
import { useFrames, type Frames } from './useFrames';

interface LapseDialogProps {
  /** "cameras/{id}" */
  camera: string;
  title: string;
  /** What is shown at first, up to now. */
  day: Range;
  /** Has the ticket of that day already. */
  office: TicketOffice;
  onPick: (instant: number) => void;
  onClose: () => void;
}

const USUAL_EVERY = 600_000;

/** A day, or any other time, as a film of small pictures; a click goes to the footage. */
export function LapseDialog({ camera, title, day, office, onPick, onClose }: LapseDialogProps) {
  const words = useMessages().lapse;
  const { api, clock } = useSession();
  const [wish, setWish] = useState<LapseWish>(() => ({
    start: day.start,
    end: Math.min(day.end, clock.now()),
    every: USUAL_EVERY,
  }));
  const [others] = useState(() => new Map<number, TicketOffice>());
  const officeOf = useCallback(
    (of: Range) => {
      if (of.start === day.start) return office;
      const known = others.get(of.start) ?? new TicketOffice(api, camera, clock.now, of);
      others.set(of.start, known);
      return known;
    },
    [api, camera, clock, day, office, others],
  );
  const frames = useFrames(wish, officeOf);
  return (
    <Dialog title={`${words.title} · ${title}`} onClose={onClose}>
      <div className="dialog-body lapse">
        <WishForm wish={wish} now={clock.now} onShow={setWish} />
        <Shown frames={frames} onPick={onPick} />
      </div>
    </Dialog>
  );
}

function Shown({ frames, onPick }: { frames: Frames; onPick: (instant: number) => void }) {
  const words = useMessages().lapse;
  switch (frames.kind) {
    case 'loading':
      return <Spinner label={words.loading} />;
    case 'ready':
      if (frames.frames.length === 0)
        return <Notice icon="film" title={words.nothing} hint={words.nothingHint} />;
      return <FilmView frames={frames.frames} onPick={onPick} />;
    case 'denied':
      return <Notice icon="lock" tone="bad" title={words.denied} />;
    case 'turnedOff':
      return <Notice icon="film" tone="warn" title={words.turnedOff} />;
    case 'failed':
      return <Notice icon="alert" tone="bad" title={words.failed} />;
  }
}

interface WishFormProps {
  wish: LapseWish;
  now: () => number;
  onShow: (wish: LapseWish) => void;
}

function WishForm({ wish, now, onShow }: WishFormProps) {
  const words = useMessages().lapse;
  const [form, setForm] = useState({ start: localOf(wish.start), end: localOf(wish.end), every: wish.every });
  const [faults, setFaults] = useState<{ end?: string; every?: string }>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const [start, asked] = [instantOf(form.start), instantOf(form.end)];
    const end = asked === null ? null : Math.min(asked, now());
    const longest = Math.max(...INTERVALS.map((each) => each.longest));
    if (start === null || end === null || end <= start || end - start > longest)
      return setFaults({ end: words.needRange });
    if (!fits({ start, end }, form.every)) return setFaults({ every: words.tooFine });
    setFaults({});
    onShow({ start, end, every: form.every });
  };
  return (
    <form className="lapse-wish" noValidate onSubmit={submit}>
      <Field label={words.from}>
        {(ids) => (
          <input
            {...ids}
            type="datetime-local"
            step={1}
            data-testid="lapse-from"
            value={form.start}
            onChange={(event) => setForm({ ...form, start: event.target.value })}
          />
        )}
      </Field>
      <Field label={words.to} error={faults.end}>
        {(ids) => (
          <input
            {...ids}
            type="datetime-local"
            step={1}
            data-testid="lapse-to"
            value={form.end}
            onChange={(event) => setForm({ ...form, end: event.target.value })}
          />
        )}
      </Field>
      <Field label={words.every} error={faults.every}>
        {(ids) => (
          <select
            {...ids}
            data-testid="lapse-every"
            value={form.every}
            onChange={(event) => setForm({ ...form, every: Number(event.target.value) })}
          >
            {INTERVALS.map(({ every }) => (
              <option key={every} value={every}>
                {spoken(every, words)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <button type="submit" className="button button-primary" data-testid="lapse-show">
        {words.show}
      </button>
    </form>
  );
}

function spoken(every: number, words: LapseMessages): string {
  if (every < 60_000) return words.seconds(every / 1000);
  if (every < 3_600_000) return words.minutes(every / 60_000);
  return words.hours(every / 3_600_000);
}
