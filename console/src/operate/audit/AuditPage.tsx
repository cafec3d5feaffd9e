import { useCallback, useMemo, useState, type FormEvent } from 'react';
import { exportAudit, listAudit, type AuditFilter, type AuditRecord } from '../../api/audit';
import { useRegistry } from '../../cameras/RegistryProvider';
import { formatDuration } from '../../i18n/format';
import { useLocale } from '../../i18n/LocaleProvider';
import { dateTimeOf } from '../../i18n/zone';
import { useSession } from '../../session/SessionProvider';
import { ActDialog } from '../ActDialog';
import { keepAnswer } from '../download';
import { TextField } from '../fields';
import { rfc3339Of } from '../instants';
import { ListBody, Panel, Table } from '../parts';
import { usePages } from '../usePages';
import { useWords } from '../words/useWords';

const ANY: AuditFilter = { camera: '', principal: '', action: '', start: '', end: '' };
/** Who saw what, when and why. */
export function AuditPage() {
  const words = useWords().audit;
  const { api } = useSession();
  /** As typed; times as the input has them. */
  const [form, setForm] = useState(ANY);
  const [filter, setFilter] = useState(ANY);
  const [exporting, setExporting] = useState(false);
  const fetchPage = useCallback(
    (token: string, signal?: AbortSignal) => listAudit(api, filter, token, signal),
    [api, filter],
  );
  const list = usePages(fetchPage);

  const look = (wanted: AuditFilter) => {
    setForm(wanted);
    setFilter({
      camera: wanted.camera.trim(),
      principal: wanted.principal.trim(),
      action: wanted.action.trim(),
      start: rfc3339Of(wanted.start),
      end: rfc3339Of(wanted.end),
    });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    look(form);
  };
  const field = (name: keyof AuditFilter, hint?: string) => (
    <TextField
      label={words[name]}
      hint={hint}
      type={name === 'start' || name === 'end' ? 'datetime-local' : 'text'}
      value={form[name]}
      onChange={(value) => setForm({ ...form, [name]: value })}
      testId={`audit-${name}`}
    />
  );

  return (
    <div className="page-column">
      <Panel title={words.search} testId="audit-search">
        <form className="page-column" onSubmit={submit}>
          <div className="form-grid">
            {field('camera', words.cameraHint)}
            {field('principal', words.principalHint)}
            {field('action', words.actionHint)}
            {field('start')}
            {field('end')}
          </div>
          <div className="table-actions">
            <button type="submit" className="button button-primary" data-testid="audit-look">
              {words.look}
            </button>
            <button type="button" className="button" onClick={() => look(ANY)}>
              {words.clear}
            </button>
            <button
              type="button"
              className="button"
              data-testid="audit-export"
              onClick={() => setExporting(true)}
            >
              {words.export}
            </button>
          </div>
        </form>
      </Panel>
      <Panel title={words.records} testId="audit" busy={list.busy}>
        <ListBody list={list} empty={words.nothing}>
          <Records records={list.items} onFilter={(changes) => look({ ...form, ...changes })} />
        </ListBody>
      </Panel>
      {exporting ? <ExportDialog filter={filter} onClose={() => setExporting(false)} /> : null}
    </div>
  );
}

interface RecordsProps {
  records: readonly AuditRecord[];
  onFilter: (changes: Partial<AuditFilter>) => void;
}

function Records({ records, onFilter }: RecordsProps) {
  const { locale } = useLocale();
  const words = useWords().audit;
  const { cameras } = useRegistry();
  const byUid = useMemo(() => new Map(cameras.map((camera) => [camera.uid, camera])), [cameras]);
  return (
    <Table
      label={words.records}
      testId="audit-records"
      heads={[
        words.time,
        words.event,
        words.principal,
        words.action,
        words.camera,
        words.result,
        words.purpose,
        words.detail,
      ]}
    >
      {records.map((record) => (
        <tr key={record.record_id} data-event={record.event} data-action={record.action}>
          <td className="digits">{dateTimeOf(Date.parse(record.time))}</td>
          <td>{words.events[record.event as keyof typeof words.events] ?? record.event}</td>
          <td>
            <button
              type="button"
              className="link-button"
              onClick={() => onFilter({ principal: record.principal })}
            >
              {record.principal}
            </button>
            <div className="faint">
              {[record.organisation, record.acting_person, record.remote_address].filter(Boolean).join(' · ')}
            </div>
          </td>
          <td>{record.action}</td>
          <td>
            {record.camera_uid === '' ? null : (
              <button
                type="button"
                className="link-button"
                onClick={() => onFilter({ camera: record.camera_uid })}
              >
                {byUid.get(record.camera_uid)?.display_name ?? record.camera_uid}
              </button>
            )}
            {record.window_start && record.window_end ? (
              <div className="faint digits">
                {dateTimeOf(Date.parse(record.window_start))} – {dateTimeOf(Date.parse(record.window_end))}
              </div>
            ) : null}
          </td>
          <td>
            {record.event === 'decision' ? (
              <span className="badge" data-tone={record.allowed ? 'good' : 'bad'}>
                {record.allowed ? words.allowed : words.denied}
              </span>
            ) : null}{' '}
            {record.reason}
          </td>
          <td>{record.purpose}</td>
          <td>
            {record.watched_s > 0 ? words.watched(formatDuration(record.watched_s * 1000, locale)) : null}{' '}
            {record.detail}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function ExportDialog({ filter, onClose }: { filter: AuditFilter; onClose: () => void }) {
  const words = useWords().audit;
  const { api } = useSession();
  const [purpose, setPurpose] = useState('');
  return (
    <ActDialog
      narrow
      title={words.export}
      submit={words.download}
      onClose={onClose}
      onSubmit={async () => keepAnswer(await exportAudit(api, filter, purpose.trim()), 'audit.csv')}
    >
      <p className="faint">{words.exportHint}</p>
      <TextField
        label={words.purpose}
        value={purpose}
        onChange={setPurpose}
        testId="audit-purpose"
        required
      />
    </ActDialog>
  );
}
