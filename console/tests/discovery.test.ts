import { expect, test } from 'vitest';
import type { FoundCamera, Search } from '../src/api/discovery';
import { canBeRegistered, fileOf, idOf, nameOf, networksOf, registeredOf } from '../src/discover/found';

const GATE: FoundCamera = {
  endpoint: 'urn:uuid:A1B2C3D4-0000-1111-2222-333344445555',
  address: '10.1.2.3',
  display_name: '村口',
  location: '石桥村',
  manufacturer: 'Village',
  model: '=V1',
  serial_number: '77',
  firmware_version: '1.0',
  main_url: 'rtsp://10.1.2.3:554/main',
  sub_url: '',
  video_codec: 'h265',
  width: 2560,
  height: 1440,
  ptz: true,
  problem: '',
  camera: '',
};
const SEARCH: Search = { region: 'regions/421381', networks: [], username: 'ad:min', password: 'p@ss/雪' };

test('an id follows from the device, and is one the registry takes', () => {
  const ids = [GATE, { ...GATE, endpoint: '' }, { ...GATE, endpoint: `urn:x:${'y'.repeat(200)}` }].map(idOf);
  expect(ids.slice(0, 2)).toEqual(['onvif-a1b2c3d4-0000-1111-2222-333344445555', 'onvif-10-1-2-3']);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
});

test('the file has the credentials in its URLs and nothing a spreadsheet would run', () => {
  const [head, row] = fileOf([GATE], SEARCH).trim().split('\r\n');
  expect(head).toContain('dossier.ptz');
  expect(row).toContain("rtsp://ad%3Amin:p%40ss%2F%E9%9B%AA@10.1.2.3:554/main,,true,Village,'=V1,77");
  expect(fileOf([GATE], { ...SEARCH, username: '' })).toContain(',rtsp://10.1.2.3:554/main,');
});

test('what is registered already, or whose streams are unknown, is not registered', () => {
  expect(canBeRegistered(GATE)).toBe(true);
  expect(canBeRegistered({ ...GATE, camera: 'cameras/gate' })).toBe(false);
  expect(canBeRegistered({ ...GATE, main_url: '', problem: 'camera.auth_failed: 401' })).toBe(false);
});

test('what the file has registered is known from then on', () => {
  const other = { ...GATE, address: '10.1.2.4' };
  const lines = [{ line: 2, camera: 'cameras/onvif-1', action: 'create' as const, errors: [] }];
  const report = {
    encoding: 'utf-8',
    dry_run: false,
    lines,
    created: 1,
    updated: 0,
    unchanged: 0,
    refused: 0,
  };
  expect(registeredOf([other, GATE], [GATE], report).map((camera) => camera.camera)).toEqual([
    '',
    'cameras/onvif-1',
  ]);
});

test('networks may be separated as people do, and a camera without a name has one', () => {
  expect(networksOf(' 10.1.2.0/24，10.1.3.7; 10.1.4.1\n')).toEqual(['10.1.2.0/24', '10.1.3.7', '10.1.4.1']);
  expect(nameOf({ ...GATE, display_name: '' })).toBe('=V1');
  expect(nameOf({ ...GATE, display_name: '', model: '' })).toBe('10.1.2.3');
});
