import type { ImportReport, LineAction } from '../../api/camera-file';
import { csvOf } from '../csv';

/** The report broke off: what was done up to there is done, and the same file once more does the rest. */
export class BrokenReport extends Error {
  readonly lines: number;

  constructor(lines: number) {
    super(`the report broke off after ${lines} lines`);
    this.name = 'BrokenReport';
    this.lines = lines;
  }
}

const LINE = '{"line":';

/** Reads a report as it comes, and tells how far it is. */
export class ReportReader {
  /** Lines of the file that are done. */
  lines = 0;
  private text = '';
  private looked = 0;

  push(piece: string): void {
    this.text += piece;
    for (
      let at = this.text.indexOf(LINE, this.looked);
      at !== -1;
      at = this.text.indexOf(LINE, this.looked)
    ) {
      this.lines += 1;
      this.looked = at + LINE.length;
    }
  }

  /** Throws BrokenReport when it is not whole. */
  end(): ImportReport {
    try {
      return JSON.parse(this.text) as ImportReport;
    } catch (error) {
      if (error instanceof SyntaxError) throw new BrokenReport(this.lines);
      throw error;
    }
  }
}

/** Reads an answer; `onLines` hears how many lines are done. */
export async function readReport(
  response: Response,
  onLines: (lines: number) => void,
): Promise<ImportReport> {
  const reader = new ReportReader();
  const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let piece = await stream?.read(); piece && !piece.done; piece = await stream?.read()) {
      reader.push(piece.value);
      onLines(reader.lines);
    }
  } catch (error) {
    if (error instanceof TypeError) throw new BrokenReport(reader.lines);
    throw error;
  }
  return reader.end();
}

/** A row an error, and one for each line without. */
export function reportCsv(report: ImportReport, actions: Record<LineAction, string>): string {
  const rows = report.lines.flatMap((line) => {
    const head = [String(line.line), line.camera, actions[line.action]];
    if (line.errors.length === 0) return [[...head, '', '', '']];
    return line.errors.map((error) => [...head, error.field, error.code, error.detail]);
  });
  return csvOf([['line', 'camera', 'action', 'field', 'code', 'detail'], ...rows]);
}
