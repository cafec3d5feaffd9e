import { useCallback, useState } from 'react';
import {
  createJurisdiction,
  endJurisdiction,
  listJurisdictions,
  replaceJurisdiction,
  type Jurisdiction,
} from '../../api/people';
import { useRegistry } from '../../cameras/RegistryProvider';
import { Spinner } from '../../design/controls';
import { Field } from '../../design/Field';
import { useMessages } from '../../i18n/LocaleProvider';
import { dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { CameraPick } from '../consent/CameraPick';
import { TextField } from '../fields';
import { localOf, rfc3339Of } from '../instants';
import { Failure, Panel, RegionOptions, Table, useRegionName } from '../parts';
import { useLoad } from '../useLoad';
import { useWords } from '../words/useWords';

/** Named sets of regions and cameras: as scopes, and to share with members for a time. */
export function SetsPage() {
  const messages = useMessages();
  const words = useWords();
  const { api } = useSession();
  const nameOf = useRegionName();
  const load = useCallback((signal: AbortSignal) => listJurisdictions(api, signal), [api]);
  const { data, error, busy, reload } = useLoad(load);
  const [edited, setEdited] = useState<Jurisdiction | 'new' | null>(null);
  const [ended, setEnded] = useState<Jurisdiction | null>(null);
  return (
    <div className="page-column">
      <Panel
        title={words.sets.title}
        testId="sets"
        busy={busy}
        tools={
          <button
            type="button"
            className="button button-primary"
            data-testid="set-new"
            onClick={() => setEdited('new')}
          >
            {words.sets.add}
          </button>
        }
      >
        {error !== null ? <Failure error={error} onRetry={reload} /> : null}
        {data === undefined && error === null ? <Spinner label={messages.common.loading} /> : null}
        {data?.length === 0 ? <p className="panel-empty">{words.sets.none}</p> : null}
        {data === undefined || data.length === 0 ? null : (
          <Table
            label={words.sets.title}
            testId="set-list"
            heads={[
              words.people.name,
              words.sets.region,
              words.sets.holds,
              words.sets.members,
              words.sets.until,
              words.common.actions,
            ]}
          >
            {data.map((one) => (
              <tr key={one.name}>
                <th scope="row">
                  {one.display_name}
                  <div className="faint">{one.reason}</div>
                </th>
                <td>{nameOf(one.region)}</td>
                <td>{words.sets.counts(one.regions.length, one.camera_uids.length)}</td>
                <td className="digits">{one.members.length}</td>
                <td className="digits">
                  {one.expire_time ? dateTimeOf(Date.parse(one.expire_time)) : words.sets.lasts}
                </td>
                <td>
                  <div className="table-actions">
                    <button type="button" className="button" onClick={() => setEdited(one)}>
                      {words.people.edit}
                    </button>
                    <button
                      type="button"
                      className="button"
                      data-testid="set-end"
                      onClick={() => setEnded(one)}
                    >
                      {words.sets.end}
                    </button>
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Panel>
      {edited === null ? null : (
        <SetEditor set={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onSaved={reload} />
      )}
      {ended === null ? null : (
        <ActDialog
          narrow
          danger
          title={words.sets.end}
          submit={words.sets.end}
          onClose={() => setEnded(null)}
          onSubmit={() => endJurisdiction(api, ended.name).then(reload)}
        >
          <p>{words.sets.endText(ended.display_name)}</p>
        </ActDialog>
      )}
    </div>
  );
}

interface SetEditorProps {
  set: Jurisdiction | null;
  onClose: () => void;
  onSaved: () => void;
}

function SetEditor({ set, onClose, onSaved }: SetEditorProps) {
  const messages = useMessages();
  const words = useWords();
  const { api } = useSession();
  const { regions: visible, cameras, byName } = useRegistry();
  const [name, setName] = useState(set?.display_name ?? '');
  const [region, setRegion] = useState(set?.region ?? visible[0]?.name ?? '');
  const [regions, setRegions] = useState(set?.regions ?? []);
  const seen = cameras.filter((camera) => set?.camera_uids.includes(camera.uid));
  const [chosen, setChosen] = useState(seen.map((camera) => camera.name));
  const [members, setMembers] = useState(set?.members.join('\n') ?? '');
  const [reason, setReason] = useState(set?.reason ?? '');
  const [until, setUntil] = useState(set?.expire_time ? localOf(Date.parse(set.expire_time)) : '');
  const save = async () => {
    // What is out of this person's sight stays in the set.
    const unseen = (set?.camera_uids ?? []).filter((uid) => !seen.some((camera) => camera.uid === uid));
    const draft = {
      display_name: name.trim(),
      region,
      regions,
      camera_uids: [...unseen, ...chosen.flatMap((each) => byName.get(each)?.uid ?? [])],
      members: members.split(/\s+/).filter(Boolean),
      reason: reason.trim(),
      ...(until === '' ? {} : { expire_time: rfc3339Of(until) }),
    };
    if (set === null) await createJurisdiction(api, draft);
    else await replaceJurisdiction(api, set, draft);
    onSaved();
  };
  return (
    <ActDialog
      title={set === null ? words.sets.add : set.display_name}
      submit={messages.common.save}
      onClose={onClose}
      onSubmit={save}
    >
      <TextField label={words.people.name} value={name} onChange={setName} testId="set-name" required />
      {set === null ? (
        <Field label={words.sets.region}>
          {(ids) => (
            <select {...ids} value={region} onChange={(event) => setRegion(event.target.value)}>
              <RegionOptions />
            </select>
          )}
        </Field>
      ) : null}
      <Field label={words.sets.regions} hint={words.sets.regionsHint} wide>
        {(ids) => (
          <select
            {...ids}
            multiple
            size={6}
            data-testid="set-regions"
            value={regions}
            onChange={(event) =>
              setRegions(Array.from(event.target.selectedOptions, (option) => option.value))
            }
          >
            <RegionOptions />
          </select>
        )}
      </Field>
      <CameraPick label={words.sets.cameras} chosen={chosen} onChange={setChosen} />
      <Field label={words.sets.members} hint={words.sets.membersHint} wide>
        {(ids) => <textarea {...ids} value={members} onChange={(event) => setMembers(event.target.value)} />}
      </Field>
      <TextField
        label={words.consent.reason}
        value={reason}
        onChange={setReason}
        testId="set-reason"
        required
      />
      <TextField
        label={words.sets.until}
        hint={words.sets.untilHint}
        type="datetime-local"
        value={until}
        onChange={setUntil}
      />
    </ActDialog>
  );
}
