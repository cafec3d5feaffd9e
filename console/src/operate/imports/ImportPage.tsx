import { useEffect, useRef, useState, type DragEvent } from 'react';
import { exportCameras, importCameras, type ImportReport } from '../../api/camera-file';
import { useRegistry } from '../../cameras/RegistryProvider';
import { Field } from '../../design/Field';
import { useSession } from '../../session/SessionProvider';
import { csvOf } from '../csv';
import { keep, keepAnswer } from '../download';
import { ActError, Panel, RegionOptions } from '../parts';
import { useAct } from '../useAct';
import { useWords } from '../words/useWords';
import { BrokenReport, readReport } from './report';
import { ReportView } from './ReportView';

/** Cameras by file: a file is checked first, line by line, and registered when the person has seen the report. */
export function ImportPage() {
  const words = useWords().imports;
  const { api } = useSession();
  const { reload } = useRegistry();
  const [file, setFile] = useState<File | null>(null);
  const [update, setUpdate] = useState(false);
  const [report, setReport] = useState<ImportReport | null>(null);
  const [lines, setLines] = useState(0);
  const act = useAct();
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);

  const send = (chosen: File, dryRun: boolean) => {
    controller.current = new AbortController();
    const { signal } = controller.current;
    setLines(0);
    setReport(null);
    void act.run(async () => {
      const response = await importCameras(api, chosen, { dryRun, update }, signal);
      setReport(await readReport(response, setLines));
      if (!dryRun) reload();
    });
  };
  const choose = (chosen: File | undefined) => {
    if (chosen === undefined) return;
    setFile(chosen);
    setReport(null);
  };
  const willChange = report !== null && report.dry_run && report.created + report.updated > 0;

  return (
    <div className="page-column">
      <Panel title={words.title} testId="import">
        <p className="faint">{words.hint}</p>
        <DropZone file={file} onChoose={choose} />
        <label className="check">
          <input
            type="checkbox"
            data-testid="import-update"
            checked={update}
            onChange={(event) => {
              setUpdate(event.target.checked);
              setReport(null);
            }}
          />
          {words.update}
        </label>
        <div className="table-actions">
          <button
            type="button"
            className="button"
            data-testid="import-check"
            disabled={file === null || act.busy}
            onClick={() => file && send(file, true)}
          >
            {words.check}
          </button>
          <button
            type="button"
            className="button button-primary"
            data-testid="import-run"
            disabled={file === null || act.busy || !willChange}
            onClick={() => file && send(file, false)}
          >
            {willChange ? words.runCount(report.created + report.updated) : words.run}
          </button>
          {act.busy ? (
            <span role="status" className="faint">
              {words.progress(lines)}
            </span>
          ) : null}
        </div>
        {act.error instanceof BrokenReport ? (
          <p className="act-error" role="alert">
            {words.broken(act.error.lines)}
          </p>
        ) : (
          <ActError error={act.error} />
        )}
        {report === null ? null : <ReportView report={report} />}
      </Panel>
      <ExportPanel />
    </div>
  );
}

function DropZone({ file, onChoose }: { file: File | null; onChoose: (file: File | undefined) => void }) {
  const words = useWords().imports;
  const [isOver, setIsOver] = useState(false);
  const over = (event: DragEvent, value: boolean) => {
    event.preventDefault();
    setIsOver(value);
  };
  return (
    <label
      className="drop"
      data-over={isOver}
      onDragOver={(event) => over(event, true)}
      onDragLeave={(event) => over(event, false)}
      onDrop={(event) => {
        over(event, false);
        onChoose(event.dataTransfer.files[0]);
      }}
    >
      <b>{file === null ? words.drop : file.name}</b>
      <span>{words.dropHint}</span>
      <input
        className="visually-hidden"
        type="file"
        accept=".csv,text/csv"
        data-testid="import-file"
        onChange={(event) => {
          onChoose(event.target.files?.[0]);
          // So that the same file, mended, can be chosen again.
          event.target.value = '';
        }}
      />
    </label>
  );
}

function ExportPanel() {
  const words = useWords().imports;
  const { api } = useSession();
  const [region, setRegion] = useState('');
  const act = useAct();
  return (
    <Panel title={words.exportTitle} testId="export">
      <div className="form-grid">
        <Field label={words.region}>
          {(ids) => (
            <select {...ids} value={region} onChange={(event) => setRegion(event.target.value)}>
              <RegionOptions empty={words.everything} />
            </select>
          )}
        </Field>
      </div>
      <div className="table-actions">
        <button
          type="button"
          className="button"
          data-testid="export-cameras"
          disabled={act.busy}
          onClick={() =>
            void act.run(async () => keepAnswer(await exportCameras(api, region), 'cameras.csv'))
          }
        >
          {words.export}
        </button>
        <button
          type="button"
          className="button"
          data-testid="template"
          onClick={() =>
            keep(new Blob([csvOf([words.columns])], { type: 'text/csv' }), 'cameras-template.csv')
          }
        >
          {words.template}
        </button>
      </div>
      <ActError error={act.error} />
    </Panel>
  );
}
