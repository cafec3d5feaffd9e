/** The zone in which people here read clocks and count days; instants travel and are kept in UTC. */
export const TIME_ZONE = readZone();

/** As the gateway was told; it writes its setting into the page. */
function readZone(): string {
  const meta = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="time-zone"]');
  return meta?.content ?? 'Asia/Shanghai';
}

export interface DayBounds {
  /** Epoch milliseconds of the day's first instant and of the next day's. */
  start: number;
  end: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(instant: number, zone: string): Record<string, string> {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(instant).map((part) => [part.type, part.value]));
}

/** "2025-11-22" */
export function dateOf(instant: number, zone: string = TIME_ZONE): string {
  const { year, month, day } = partsOf(instant, zone);
  return `${year}-${month}-${day}`;
}

/** "08:05:09" */
export function clockOf(instant: number, zone: string = TIME_ZONE): string {
  const { hour, minute, second } = partsOf(instant, zone);
  return `${hour}:${minute}:${second}`;
}

/** "2025-11-22 08:05:09" */
export function dateTimeOf(instant: number, zone: string = TIME_ZONE): string {
  return `${dateOf(instant, zone)} ${clockOf(instant, zone)}`;
}

function offsetAt(instant: number, zone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(instant, zone);
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return local - Math.floor(instant / 1000) * 1000;
}

function midnight(date: string, zone: string): number {
  const asUtc = Date.parse(`${date}T00:00:00Z`);
  const guess = asUtc - offsetAt(asUtc, zone);
  // A second look settles days on which the offset itself changes.
  return asUtc - offsetAt(guess, zone);
}

/** `date` is yyyy-mm-dd. Throws RangeError for a date that does not exist. */
export function boundsOf(date: string, zone: string = TIME_ZONE): DayBounds {
  return { start: midnight(date, zone), end: midnight(addDays(date, 1), zone) };
}

export function addDays(date: string, days: number): string {
  const instant = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(instant) || new Date(instant).toISOString().slice(0, 10) !== date) {
    throw new RangeError(`no such date: ${date}`);
  }
  return new Date(instant + days * 86_400_000).toISOString().slice(0, 10);
}

export function isDate(text: string): boolean {
  try {
    return addDays(text, 0) === text;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
