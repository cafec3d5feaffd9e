import { useCallback } from 'react';
import { cancelExport, exportPath, listExports, type Export } from '../api/evidence';
import { useRegistry } from '../cameras/RegistryProvider';
import { Icon } from '../design/icons';
import { formatBytes } from '../i18n/format';
import { useMessages } from '../i18n/LocaleProvider';
import { clockOf, dateOf, dateTimeOf } from '../i18n/zone';
import { useSession } from '../session/SessionProvider';
import { ListState } from './ListState';
import { usePolled } from './usePolled';
import { useSubmission } from './useSubmission';

const SOON_MS = 2_000;
const LATER_MS = 20_000;

export function ExportList() {
  const words = useMessages().take;
  const { api } = useSession();
  const read = useCallback((count: number, signal: AbortSignal) => listExports(api, count, signal), [api]);
  const polled = usePolled<Export>(read, pauseOf);
  return (
    <section data-testid="exports" aria-label={words.exports}>
      <ul className="evidence-list">
        {polled.page?.items.map((each) => (
          <ExportRow key={each.name} item={each} onChanged={polled.reload} />
        ))}
      </ul>
      <ListState polled={polled} icon="take" empty={words.noExports} hint={words.noExportsHint} />
    </section>
  );
}

function pauseOf(exports: readonly Export[]): number {
  return exports.some(isUnderWay) ? SOON_MS : LATER_MS;
}

function isUnderWay(item: Export): boolean {
  return item.state === 'PENDING' || item.state === 'RUNNING';
}

function ExportRow({ item, onChanged }: { item: Export; onChanged: () => void }) {
  const words = useMessages().take;
  const { byName } = useRegistry();
  const names = item.cameras.map((name) => byName.get(name)?.display_name ?? name);
  const ready = item.state === 'SUCCEEDED' && !item.expired;
  return (
    <li className="evidence-row" data-testid="export" data-state={item.state} data-export={item.name}>
      <div className="evidence-what">
        <h2>{names.join('、')}</h2>
        <p className="digits">{windowText(item.start, item.end)}</p>
        <p className="faint">
          <b>{item.case_number}</b> · {item.reason}
        </p>
      </div>
      <div className="evidence-how">
        <span className="evidence-state" data-state={item.expired ? 'EXPIRED' : item.state}>
          {item.expired ? words.expired : words.exportStates[item.state]}
        </span>
        {item.state === 'RUNNING' ? (
          <>
            <progress max={100} value={item.percent} aria-label={words.phases[item.phase]} />
            <span className="faint digits">
              {words.phases[item.phase]} {item.percent} %
            </span>
          </>
        ) : null}
        {item.error === '' ? null : <p className="evidence-error">{item.error}</p>}
        {ready && item.expire_time !== null ? (
          <span className="faint digits">{words.until(dateTimeOf(Date.parse(item.expire_time)))}</span>
        ) : null}
        <span className="faint digits">{words.made(dateTimeOf(Date.parse(item.create_time)))}</span>
      </div>
      <ExportActions item={item} ready={ready} onChanged={onChanged} />
    </li>
  );
}

interface ExportActionsProps {
  item: Export;
  ready: boolean;
  onChanged: () => void;
}

function ExportActions({ item, ready, onChanged }: ExportActionsProps) {
  const words = useMessages().take;
  const { api } = useSession();
  const submission = useSubmission([]);
  return (
    <div className="evidence-actions">
      {ready ? (
        <a
          className="button button-primary"
          data-testid="export-download"
          href={exportPath(item.name, 'download')}
          download
        >
          <Icon name="take" size={16} /> {words.download}
        </a>
      ) : null}
      {item.state === 'SUCCEEDED' ? (
        <a className="button" data-testid="export-manifest" href={exportPath(item.name, 'manifest')} download>
          {words.manifest}
        </a>
      ) : null}
      {isUnderWay(item) ? (
        <button
          type="button"
          className="button"
          data-testid="export-cancel"
          disabled={submission.busy}
          onClick={() => {
            void submission.run(async () => {
              await cancelExport(api, item.name);
              onChanged();
            });
          }}
        >
          {words.cancelExport}
        </button>
      ) : null}
      {ready && item.files.length > 0 ? (
        <details className="evidence-files">
          <summary>{words.files(item.files.length)}</summary>
          <ul>
            {item.files.map((file) => (
              <li key={file.file}>
                <a
                  className="quiet-button"
                  data-testid="export-file"
                  title={`SHA-256 ${file.sha256}`}
                  href={exportPath(item.name, 'download', file.file)}
                  download
                >
                  {file.file} <span className="digits">{formatBytes(file.size)}</span>
                </a>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {submission.problem === null ? null : (
        <p className="evidence-error" role="alert">
          {submission.problem}
        </p>
      )}
    </div>
  );
}

export function windowText(start: string, end: string): string {
  const [from, to] = [Date.parse(start), Date.parse(end)];
  return `${dateTimeOf(from)} – ${dateOf(from) === dateOf(to) ? clockOf(to) : dateTimeOf(to)}`;
}
