import { useEffect, useRef, useState, type FormEvent } from 'react';
import { isAway, isForbidden, Problem } from '../api/problem';
import type { Ownership } from '../api/types';
import { Field } from '../design/Field';
import { DialogFoot } from '../design/DialogFoot';
import { useMessages } from '../i18n/LocaleProvider';
import { faultsOf, formField, type CameraForm, type FormField } from './draft';
import './editor.css';
import { RegionSelect } from './RegionSelect';
import { useRegistry } from './RegistryProvider';

interface CameraEditorProps {
  initial: CameraForm;
  isNew: boolean;
  onCancel: () => void;
  /** Rejects with what the server refused. */
  onSave: (form: CameraForm) => Promise<void>;
}

type TextField = Exclude<FormField, 'listed_for_residents' | 'audio' | 'enabled'>;
type SwitchField = 'listed_for_residents' | 'audio' | 'enabled';

export function CameraEditor({ initial, isNew, onCancel, onSave }: CameraEditorProps) {
  const messages = useMessages();
  const words = messages.camera;
  const { refuseManaging } = useRegistry();
  const [form, setForm] = useState(initial);
  const [errors, setErrors] = useState<Partial<Record<FormField, string>>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const element = useRef<HTMLFormElement>(null);

  // What is to be mended may lie below the fold of a small screen.
  useEffect(() => {
    if (Object.keys(errors).length > 0) {
      element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  }, [errors]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const faults = Object.entries(faultsOf(form)).map(([field, fault]) => [field, words[fault]]);
    setErrors(Object.fromEntries(faults) as Partial<Record<FormField, string>>);
    setProblem(null);
    if (faults.length > 0) return;
    setBusy(true);
    try {
      await onSave(form);
    } catch (error) {
      setBusy(false);
      if (isForbidden(error)) {
        setProblem(words.forbidden);
        refuseManaging();
      } else if (isAway(error)) setProblem(messages.common.serverAway);
      else if (error instanceof Problem) {
        const field = formField(error.field);
        if (field !== null) setErrors({ [field]: error.message });
        else setProblem(error.status === 409 ? words.conflict : messages.common.failed(error.message));
      } else throw error;
    }
  };

  const text = (
    field: TextField,
    label: string,
    hint?: string,
    options: { type?: string; wide?: boolean } = {},
  ) => (
    <Field label={label} hint={hint} error={errors[field]} wide={options.wide ?? false}>
      {(ids) => (
        <input
          {...ids}
          name={field}
          data-testid={`camera-${field}`}
          inputMode={options.type === 'number' ? 'decimal' : undefined}
          value={form[field]}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setForm({ ...form, [field]: event.target.value })}
        />
      )}
    </Field>
  );
  const toggle = (field: SwitchField, label: string) => (
    <label className="switch">
      <input
        type="checkbox"
        name={field}
        checked={form[field]}
        onChange={(event) => setForm({ ...form, [field]: event.target.checked })}
      />
      <span>{label}</span>
    </label>
  );

  return (
    <form
      ref={element}
      className="editor"
      data-testid="camera-editor"
      noValidate
      onSubmit={(event) => void submit(event)}
    >
      <div className="dialog-body editor-grid">
        {text('display_name', words.displayName)}
        <Field label={words.region} error={errors.region}>
          {(ids) => (
            <RegionSelect {...ids} value={form.region} onChange={(region) => setForm({ ...form, region })} />
          )}
        </Field>
        {isNew ? text('camera_id', words.id, words.idHint, { wide: true }) : null}
        {text('source_url', words.sourceUrl, isNew ? words.sourceUrlHint : words.sourceUrlKeep, {
          wide: true,
        })}
        {text('sub_source_url', words.subSourceUrl, undefined, { wide: true })}
        <Field label={words.cameraClass} error={errors.camera_class}>
          {(ids) => (
            <select
              {...ids}
              value={form.camera_class}
              onChange={(event) => setForm({ ...form, camera_class: event.target.value })}
            >
              {([1, 2, 3] as const).map((each) => (
                <option key={each} value={each}>
                  {words.classes[each]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={words.ownership} error={errors.ownership}>
          {(ids) => (
            <select
              {...ids}
              value={form.ownership}
              onChange={(event) => setForm({ ...form, ownership: event.target.value as Ownership })}
            >
              {Object.entries(words.ownerships).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {text('owner', words.owner)}
        {text('managing_unit', words.managingUnit)}
        {text('operator', words.operator)}
        {text('retention_days', words.retention, words.retentionHint, { type: 'number' })}
        {text('latitude', words.latitude, undefined, { type: 'number' })}
        {text('longitude', words.longitude, undefined, { type: 'number' })}
        {text('schedule', words.schedule, words.scheduleHint, { wide: true })}
        <div className="editor-switches">
          {toggle('enabled', words.enabled)}
          {toggle('audio', words.audio)}
          {toggle('listed_for_residents', words.listed)}
        </div>
      </div>
      <DialogFoot
        problem={problem}
        submit={busy ? words.saving : messages.common.save}
        testId="camera-save"
        busy={busy}
        onCancel={onCancel}
      />
    </form>
  );
}
