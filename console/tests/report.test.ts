import { describe, expect, it } from 'vitest';
import type { ImportReport } from '../src/api/camera-file';
import { BrokenReport, ReportReader, readReport, reportCsv } from '../src/operate/imports/report';

describe('the report of an import', () => {
  const report: ImportReport = {
    encoding: 'utf-8',
    dry_run: true,
    lines: [
      { line: 2, camera: 'cameras/a', action: 'create', errors: [] },
      {
        line: 3,
        camera: '',
        action: 'refused',
        errors: [{ field: 'display_name', code: 'import.formula', detail: '=1+1, "no"' }],
      },
    ],
    created: 1,
    updated: 0,
    unchanged: 0,
    refused: 1,
  };
  const text = JSON.stringify(report);

  it('is counted as it comes, however it is cut into pieces', () => {
    for (const size of [1, 7, 50, text.length]) {
      const reader = new ReportReader();
      for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
      expect(reader.lines).toBe(2);
      expect(reader.end()).toEqual(report);
    }
  });

  it('that breaks off is told as such, with how far it came', async () => {
    const read = readReport(new Response(text.slice(0, 80)), () => undefined);
    await expect(read).rejects.toEqual(new BrokenReport(1));
  });

  it('becomes a file that a spreadsheet takes for text', () => {
    const actions = { create: 'c', update: 'u', unchanged: '-', refused: 'r' };
    expect(reportCsv(report, actions)).toBe(
      '\ufeffline,camera,action,field,code,detail\r\n' +
        '2,cameras/a,c,,,\r\n' +
        `3,,r,display_name,import.formula,"'=1+1, ""no"""\r\n`,
    );
  });
});
