import { useState } from 'react';
import type { ImportReport, LineAction } from '../../api/camera-file';
import { keep } from '../download';
import { Table } from '../parts';
import { useWords } from '../words/useWords';
import { reportCsv } from './report';

const ACTIONS = ['refused', 'create', 'update', 'unchanged'] as const;
/** More are no reading matter; the file has them all. */
const SHOWN = 200;

export function ReportView({ report }: { report: ImportReport }) {
  const words = useWords().imports;
  const [shown, setShown] = useState<LineAction | null>(report.refused > 0 ? 'refused' : null);
  const counts = {
    refused: report.refused,
    create: report.created,
    update: report.updated,
    unchanged: report.unchanged,
  };
  const lines = report.lines.filter((line) => shown === null || line.action === shown);
  return (
    <div className="page-column" data-testid="report" data-dry-run={report.dry_run}>
      <p role="status">
        <b>{report.dry_run ? words.checked : words.done}</b>{' '}
        <span className="faint">{words.encoding(report.encoding)}</span>
      </p>
      <div className="choices" role="group" aria-label={words.show}>
        <button type="button" className="button" aria-pressed={shown === null} onClick={() => setShown(null)}>
          {words.all} {report.lines.length}
        </button>
        {ACTIONS.map((action) => (
          <button
            key={action}
            type="button"
            className="button"
            data-testid={`report-${action}`}
            aria-pressed={shown === action}
            onClick={() => setShown(action)}
          >
            {(report.dry_run ? words.would : words.actions)[action]} {counts[action]}
          </button>
        ))}
        <button
          type="button"
          className="button"
          data-testid="report-download"
          onClick={() =>
            keep(new Blob([reportCsv(report, words.actions)], { type: 'text/csv' }), 'import-report.csv')
          }
        >
          {words.download}
        </button>
      </div>
      {lines.length === 0 ? null : (
        <Table
          label={words.report}
          testId="report-lines"
          heads={[words.line, words.camera, words.action, words.problem]}
        >
          {lines.slice(0, SHOWN).map((line) => (
            <tr key={line.line} data-line={line.line}>
              <td className="digits">{line.line}</td>
              <td>{line.camera}</td>
              <td>
                <span className="badge" data-tone={line.action === 'refused' ? 'bad' : 'good'}>
                  {(report.dry_run ? words.would : words.actions)[line.action]}
                </span>
              </td>
              <td>
                {line.errors.map((error) => (
                  <div key={`${error.field} ${error.code}`}>
                    {error.field === '' ? null : <b>{error.field}: </b>}
                    {error.detail}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {lines.length > SHOWN ? <p className="faint">{words.rest(lines.length - SHOWN)}</p> : null}
    </div>
  );
}
