import type { ImportReport } from '../api/camera-file';
import type { FoundCamera, Search } from '../api/discovery';
import { csvOf } from '../operate/csv';

const LONGEST_ID = 63;

/** The same at every search: by the device's lasting name, or where there is none by its address. */
export function idOf(found: FoundCamera): string {
  const lasting = found.endpoint.replace(/^urn:uuid:/i, '') || found.address;
  const plain = lasting.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `onvif-${plain}`.slice(0, LONGEST_ID).replace(/-+$/, '');
}

export function nameOf(found: FoundCamera): string {
  return found.display_name || found.model || found.address;
}

/** Its streams are known, and it is not registered yet. */
export function canBeRegistered(found: FoundCamera): boolean {
  return found.main_url !== '' && found.camera === '';
}

/** "10.1.2.0/24, 10.1.3.7" as a list. */
export function networksOf(text: string): string[] {
  return text.split(/[\s,;，；]+/).filter((network) => network !== '');
}

/** Cameras as a file for /v1/cameras:import. The search's credentials go into the URLs, which keep them apart. */
export function fileOf(cameras: readonly FoundCamera[], search: Search): string {
  const rows = cameras.map((found) => [
    idOf(found),
    nameOf(found),
    search.region,
    withCredentials(found.main_url, search),
    withCredentials(found.sub_url, search),
    found.ptz ? 'true' : 'false',
    found.manufacturer,
    found.model,
    found.serial_number,
  ]);
  return csvOf([COLUMNS, ...rows]);
}

/** `found` once the file of `chosen` was taken: a line of the report for each of them. */
export function registeredOf(
  found: readonly FoundCamera[],
  chosen: readonly FoundCamera[],
  report: ImportReport,
): FoundCamera[] {
  const taken = new Map<FoundCamera, string>();
  report.lines.forEach((line, index) => {
    const camera = chosen[index];
    if (camera !== undefined && line.action !== 'refused') taken.set(camera, line.camera);
  });
  return found.map((camera) => ({ ...camera, camera: taken.get(camera) ?? camera.camera }));
}

const COLUMNS = [
  'camera_id',
  'display_name',
  'region',
  'source_url',
  'sub_source_url',
  'dossier.ptz',
  'dossier.manufacturer',
  'dossier.model',
  'dossier.serial_number',
];

function withCredentials(url: string, { username, password }: Search): string {
  if (url === '' || username === '') return url;
  const user = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  return url.replace(/^rtsp:\/\//, `rtsp://${user}@`);
}
