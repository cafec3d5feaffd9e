import { useEffect, useRef, useState, type FormEvent } from 'react';
import { importCameras } from '../api/camera-file';
import { discoverCameras, type FoundCamera, type Search } from '../api/discovery';
import { isAway, isForbidden, Problem } from '../api/problem';
import { RegionSelect } from '../cameras/RegionSelect';
import { DialogFoot } from '../design/DialogFoot';
import { Field } from '../design/Field';
import { Spinner } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import type { Messages } from '../i18n/messages';
import { readReport } from '../operate/imports/report';
import { useAct } from '../operate/useAct';
import { useSession } from '../session/SessionProvider';
import { canBeRegistered, fileOf, networksOf, registeredOf } from './found';
import { FoundTable } from './FoundTable';
import './discover.css';

interface FindCamerasProps {
  onCancel: () => void;
  /** Some were registered. */
  onRegistered: () => void;
}

/** Looks for the cameras of a site, and registers those that are ticked. */
export function FindCameras({ onCancel, onRegistered }: FindCamerasProps) {
  const messages = useMessages();
  const words = messages.discover;
  const { api } = useSession();
  const act = useAct();
  const [form, setForm] = useState({ region: '', networks: '', username: '', password: '' });
  const [search, setSearch] = useState<Search | null>(null);
  const [found, setFound] = useState<FoundCamera[] | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<string | null>(null);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);

  const look = (event: FormEvent) => {
    event.preventDefault();
    if (act.busy) return;
    const asked = { ...form, networks: networksOf(form.networks) };
    controller.current = new AbortController();
    const { signal } = controller.current;
    setRefused(null);
    setFound(null);
    setSearch(asked);
    void act.run(async () => {
      const cameras = await discoverCameras(api, asked, signal);
      setFound(cameras);
      setTicked(new Set(cameras.filter(canBeRegistered).map((camera) => camera.address)));
    });
  };

  const register = () => {
    if (found === null || search === null) return;
    const chosen = found.filter((camera) => canBeRegistered(camera) && ticked.has(camera.address));
    controller.current = new AbortController();
    const { signal } = controller.current;
    const file = new Blob([fileOf(chosen, search)], { type: 'text/csv' });
    void act.run(async () => {
      const response = await importCameras(api, file, { dryRun: false, update: false }, signal);
      const report = await readReport(response, () => undefined);
      if (report.created > 0) onRegistered();
      setFound(registeredOf(found, chosen, report));
      setTicked(new Set());
      if (report.refused === 0) return;
      const errors = report.lines.flatMap((line) => line.errors);
      setRefused(words.refused(report.created, report.refused, errors[0]?.detail ?? ''));
    });
  };

  const problem = refused ?? (act.error === null ? null : sentence(act.error, messages));
  const count = ticked.size;
  return (
    <>
      <form className="dialog-body editor-grid" data-testid="discover-form" onSubmit={look}>
        <Field label={messages.camera.region} wide>
          {(ids) => (
            <RegionSelect {...ids} value={form.region} onChange={(region) => setForm({ ...form, region })} />
          )}
        </Field>
        <Field label={words.networks} hint={words.networksHint} wide>
          {(ids) => (
            <input
              {...ids}
              data-testid="discover-networks"
              value={form.networks}
              placeholder="10.1.2.0/24"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setForm({ ...form, networks: event.target.value })}
            />
          )}
        </Field>
        <Field label={words.username} hint={words.credentialsHint}>
          {(ids) => (
            <input
              {...ids}
              data-testid="discover-username"
              value={form.username}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setForm({ ...form, username: event.target.value })}
            />
          )}
        </Field>
        <Field label={words.password}>
          {(ids) => (
            <input
              {...ids}
              type="password"
              data-testid="discover-password"
              value={form.password}
              autoComplete="off"
              onChange={(event) => setForm({ ...form, password: event.target.value })}
            />
          )}
        </Field>
        <div className="field-wide">
          <button
            type="submit"
            className="button"
            data-testid="discover-look"
            disabled={act.busy || form.region === ''}
          >
            {words.look}
          </button>
        </div>
        <div className="field-wide" aria-live="polite">
          {act.busy && found === null ? <Spinner label={words.looking} /> : null}
          {found?.length === 0 ? <p className="faint">{words.nothing}</p> : null}
          {found !== null && found.length > 0 ? (
            <FoundTable cameras={found} ticked={ticked} onTick={setTicked} />
          ) : null}
        </div>
      </form>
      <DialogFoot
        problem={problem}
        problemTestId="discover-problem"
        submit={words.register(count)}
        testId="discover-register"
        busy={act.busy || found === null || count === 0}
        onCancel={onCancel}
        onSubmit={register}
      />
    </>
  );
}

function sentence(error: unknown, messages: Messages): string {
  if (isAway(error)) return messages.common.serverAway;
  if (error instanceof Problem && error.field !== '') return error.message;
  if (isForbidden(error)) return messages.camera.forbidden;
  return messages.common.failed(error instanceof Error ? error.message : String(error));
}
