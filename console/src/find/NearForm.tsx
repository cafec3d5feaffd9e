import { useState, type FormEvent } from 'react';
import { Field } from '../design/Field';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import type { Place } from './map/geo';
import type { Area } from './map/painter';
import {
  circleOf,
  FARTHEST_M,
  instantOf,
  localOf,
  LONGEST_MINUTES,
  numberIn,
  placeIn,
  type Wish,
} from './wish';

/** As it is typed; `ring` in place of the circle where somebody drew around cameras. */
export interface Form {
  latitude: string;
  longitude: string;
  radius: string;
  ring: Place[] | null;
  start: string;
  minutes: string;
}
type FormField = 'latitude' | 'longitude' | 'radius' | 'start' | 'minutes';

const DEFAULT_MINUTES = 10;

/** The minutes that have just gone by. */
export function emptyForm(now: number): Form {
  return {
    latitude: '',
    longitude: '',
    radius: '300',
    ring: null,
    start: localOf(now - DEFAULT_MINUTES * 60_000),
    minutes: String(DEFAULT_MINUTES),
  };
}

export function formOf({ area, start, minutes }: Wish): Form {
  const form = { ...emptyForm(start), start: localOf(start), minutes: String(minutes) };
  return withArea(form, area);
}

export function withArea(form: Form, area: Area): Form {
  if (area.kind === 'lasso') return { ...form, ring: area.ring };
  return {
    ...form,
    ring: null,
    latitude: area.centre.latitude.toFixed(6),
    longitude: area.centre.longitude.toFixed(6),
    radius: String(Math.round(area.radius)),
  };
}

/** What the map draws; null while no place is given. */
export function areaOf(form: Form): Area | null {
  if (form.ring !== null) return { kind: 'lasso', ring: form.ring };
  const centre = placeIn(form.latitude, form.longitude);
  const radius = numberIn(form.radius, 1, FARTHEST_M);
  return centre === null || radius === null ? null : { kind: 'circle', centre, radius };
}

interface NearFormProps {
  form: Form;
  onChange: (form: Form) => void;
  onLook: (wish: Wish) => void;
}

export function NearForm({ form, onChange, onLook }: NearFormProps) {
  const words = useMessages().take;
  const [faults, setFaults] = useState<Partial<Record<FormField, string>>>({});
  const area = areaOf(form);
  const tooWide = area?.kind === 'lasso' && circleOf(area).radius > FARTHEST_M;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const start = instantOf(form.start);
    const minutes = numberIn(form.minutes, 1, LONGEST_MINUTES);
    const wrong: typeof faults = {};
    if (form.ring === null) {
      if (numberIn(form.latitude, -90, 90) === null) wrong.latitude = words.needPlace;
      if (numberIn(form.longitude, -180, 180) === null) wrong.longitude = words.needPlace;
      if (numberIn(form.radius, 1, FARTHEST_M) === null) wrong.radius = words.needRadius(FARTHEST_M);
    }
    if (start === null) wrong.start = words.needTime;
    if (minutes === null) wrong.minutes = words.needMinutes(LONGEST_MINUTES);
    setFaults(wrong);
    if (area !== null && start !== null && minutes !== null && !tooWide && Object.keys(wrong).length === 0) {
      onLook({ area, start, minutes });
    }
  };

  const input = (field: FormField, label: string, type = 'text') => (
    <Field label={label} error={faults[field]}>
      {(ids) => (
        <input
          {...ids}
          type={type}
          step={type === 'datetime-local' ? 1 : undefined}
          inputMode={type === 'text' ? 'decimal' : undefined}
          name={field}
          data-testid={`near-${field}`}
          autoComplete="off"
          value={form[field]}
          onChange={(event) => onChange({ ...form, [field]: event.target.value })}
        />
      )}
    </Field>
  );

  return (
    <form className="near-form" data-testid="near-form" noValidate onSubmit={submit}>
      <h1>{words.find}</h1>
      {form.ring === null ? (
        <>
          {input('latitude', words.latitude)}
          {input('longitude', words.longitude)}
          {input('radius', words.radius)}
        </>
      ) : (
        <p className="near-ring">
          <Icon name="lasso" size={16} /> {tooWide ? words.lassoTooWide(FARTHEST_M) : words.insideLasso}
          <button
            type="button"
            className="quiet-button"
            data-testid="lasso-clear"
            onClick={() => onChange({ ...form, ring: null })}
          >
            {words.clearLasso}
          </button>
        </p>
      )}
      {input('minutes', words.minutes)}
      <div className="near-start">{input('start', words.start, 'datetime-local')}</div>
      <button type="submit" className="button button-primary near-submit" data-testid="near-submit">
        <Icon name="search" size={16} /> {words.look}
      </button>
    </form>
  );
}
