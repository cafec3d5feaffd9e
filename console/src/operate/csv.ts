/** Spreadsheets know UTF-8 by it. */
const BYTE_ORDER_MARK = '\ufeff';

/** RFC 4180. What a spreadsheet would take for a formula has a ' before it, as the server's exports do. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return BYTE_ORDER_MARK + rows.map((row) => row.map(cell).join(',') + '\r\n').join('');
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
