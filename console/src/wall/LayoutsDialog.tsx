import { useState, type FormEvent } from 'react';
import { Problem } from '../api/problem';
import type { LayoutDraft, SavedLayout } from '../api/wallLayouts';
import { RegionSelect } from '../cameras/RegionSelect';
import { useRegistry } from '../cameras/RegistryProvider';
import { regionPath } from '../cameras/tree';
import { IconButton, Notice, Spinner } from '../design/controls';
import { Dialog } from '../design/Dialog';
import { Icon } from '../design/icons';
import { useMessages } from '../i18n/LocaleProvider';
import { usePrincipal } from '../session/SessionProvider';
import { useLayoutShelf, type ShelfView } from './useLayoutShelf';

interface LayoutsDialogProps {
  /** The wall as it is now, to be saved. */
  current: Pick<LayoutDraft, 'tiles' | 'patrol'>;
  onApply: (layout: SavedLayout) => void;
  onClose: () => void;
}

/** Saved walls, one's own and those that others share: put one up, save the present one, share, delete. */
export function LayoutsDialog({ current, onApply, onClose }: LayoutsDialogProps) {
  const { layouts: words, common } = useMessages();
  const view = useLayoutShelf();
  const [failure, setFailure] = useState<unknown>(null);

  const change = async (what: () => Promise<void>): Promise<boolean> => {
    setFailure(null);
    try {
      await what();
    } catch (error) {
      setFailure(error);
      return false;
    } finally {
      view.reload();
    }
    return true;
  };

  return (
    <Dialog title={words.title} onClose={onClose}>
      <div className="dialog-body layouts" data-testid="layouts">
        {view.phase === 'loading' ? <Spinner label={common.loading} /> : null}
        {view.phase === 'failed' ? (
          <Notice icon="link" tone="bad" title={words.unreadable}>
            <button type="button" className="button" onClick={view.reload}>
              {common.retry}
            </button>
          </Notice>
        ) : null}
        {view.phase === 'ready' && view.layouts.length === 0 ? (
          <Notice icon="grid" title={words.none} hint={words.noneHint} />
        ) : null}
        <ul className="layout-list">
          {view.layouts.map((layout) => (
            <LayoutRow
              key={layout.name}
              layout={layout}
              current={current}
              view={view}
              change={change}
              onApply={onApply}
            />
          ))}
        </ul>
        {view.phase === 'ready' ? <SaveForm current={current} view={view} change={change} /> : null}
        {failure === null ? null : (
          <p className="dialog-error" role="alert">
            {failureText(failure, words, common.failed)}
          </p>
        )}
      </div>
    </Dialog>
  );
}

type Change = (what: () => Promise<void>) => Promise<boolean>;

interface RowProps {
  layout: SavedLayout;
  current: LayoutsDialogProps['current'];
  view: ShelfView;
  change: Change;
  onApply: (layout: SavedLayout) => void;
}

function LayoutRow({ layout, current, view, change, onApply }: RowProps) {
  const { layouts: words } = useMessages();
  const { regions } = useRegistry();
  const me = usePrincipal();
  const mine = layout.owner === '' || layout.owner === me.name;
  const region = layout.shared_with;
  const path = region === '' ? '' : regionPath(regions, region).join(' / ') || region;
  return (
    <li className="layout-row" data-testid="layout-row" data-name={layout.display_name}>
      <button
        type="button"
        className="layout-apply"
        data-testid="layout-apply"
        onClick={() => onApply(layout)}
      >
        <b>{layout.display_name}</b>
        <span className="faint">
          {[
            layout.patrol?.groups.length
              ? words.patrol(layout.patrol.groups.length, layout.patrol.seconds)
              : words.pictures(layout.tiles.length),
            mine ? '' : words.fromOther,
            path === '' ? '' : words.sharedWith(path),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </button>
      {mine ? (
        <>
          <IconButton
            icon="save"
            label={words.overwrite(layout.display_name)}
            data-testid="layout-overwrite"
            onClick={() =>
              void change(() =>
                view.shelf.update(layout, {
                  ...current,
                  display_name: layout.display_name,
                  shared_with: layout.shared_with,
                }),
              )
            }
          />
          <IconButton
            icon="trash"
            label={words.remove(layout.display_name)}
            data-testid="layout-remove"
            onClick={() => void change(() => view.shelf.remove(layout))}
          />
        </>
      ) : null}
    </li>
  );
}

function SaveForm({ current, view, change }: Pick<RowProps, 'current' | 'view' | 'change'>) {
  const { layouts: words } = useMessages();
  const [name, setName] = useState('');
  const [region, setRegion] = useState('');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const draft = { ...current, display_name: name.trim(), shared_with: region };
    if (draft.display_name !== '' && (await change(() => view.shelf.create(draft)))) setName('');
  };
  return (
    <form className="layout-form" onSubmit={(event) => void submit(event)}>
      <label className="field">
        <span className="field-label">{words.name}</span>
        <input
          data-testid="layout-name"
          value={name}
          maxLength={80}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      {view.shelf.shares ? (
        <label className="field" htmlFor="layout-region">
          <span className="field-label">{words.share}</span>
          <RegionSelect id="layout-region" value={region} none={words.nobody} onChange={setRegion} />
        </label>
      ) : (
        <p className="field-hint">{words.onlyHere}</p>
      )}
      <button
        type="submit"
        className="button button-primary"
        data-testid="layout-save"
        disabled={name.trim() === ''}
      >
        <Icon name="save" size={15} /> {words.save}
      </button>
    </form>
  );
}

function failureText(
  failure: unknown,
  words: { conflict: string; forbidden: string },
  failed: (detail: string) => string,
): string {
  if (failure instanceof Problem && (failure.status === 409 || failure.status === 412)) return words.conflict;
  if (failure instanceof Problem && failure.status === 403) return words.forbidden;
  return failed(failure instanceof Error ? failure.message : String(failure));
}
