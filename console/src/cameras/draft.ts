import type { Camera, CameraDraft, Ownership } from '../api/types';

/** A camera as a form holds it: text for what is typed, so that half-written numbers survive. */
export interface CameraForm {
  camera_id: string;
  display_name: string;
  region: string;
  source_url: string;
  sub_source_url: string;
  camera_class: string;
  ownership: Ownership;
  owner: string;
  managing_unit: string;
  operator: string;
  latitude: string;
  longitude: string;
  listed_for_residents: boolean;
  audio: boolean;
  enabled: boolean;
  schedule: string;
  retention_days: string;
}

export type FormField = keyof CameraForm;
export type Fault = 'required' | 'badNumber' | 'badId' | 'bothCoordinates';

export const NEW_CAMERA: CameraForm = {
  camera_id: '',
  display_name: '',
  region: '',
  source_url: '',
  sub_source_url: '',
  camera_class: '2',
  ownership: 'PUBLIC',
  owner: '',
  managing_unit: '',
  operator: '',
  latitude: '',
  longitude: '',
  listed_for_residents: false,
  audio: false,
  enabled: true,
  schedule: '',
  retention_days: '',
};

export function formOf(camera: Camera): CameraForm {
  return {
    camera_id: camera.name.replace(/^cameras\//, ''),
    display_name: camera.display_name,
    region: camera.region,
    source_url: camera.source_url,
    sub_source_url: camera.sub_source_url,
    camera_class: String(camera.camera_class || 2),
    ownership: camera.ownership,
    owner: camera.owner,
    managing_unit: camera.managing_unit,
    operator: camera.operator,
    latitude: camera.location ? String(camera.location.latitude) : '',
    longitude: camera.location ? String(camera.location.longitude) : '',
    listed_for_residents: camera.listed_for_residents,
    audio: camera.audio,
    enabled: camera.enabled,
    schedule: camera.schedule,
    retention_days: camera.retention_days ? String(camera.retention_days) : '',
  };
}

/** What can be seen to be wrong before asking the server; the server judges the rest. */
export function faultsOf(form: CameraForm): Partial<Record<FormField, Fault>> {
  const faults: Partial<Record<FormField, Fault>> = {};
  for (const field of ['display_name', 'region', 'source_url'] as const) {
    if (form[field].trim() === '') faults[field] = 'required';
  }
  if (form.camera_id !== '' && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(form.camera_id)) {
    faults.camera_id = 'badId';
  }
  for (const field of ['latitude', 'longitude', 'retention_days'] as const) {
    if (form[field].trim() !== '' && !Number.isFinite(Number(form[field]))) faults[field] = 'badNumber';
  }
  if ((form.latitude.trim() === '') !== (form.longitude.trim() === '')) {
    faults[form.latitude.trim() === '' ? 'latitude' : 'longitude'] = 'bothCoordinates';
  }
  return faults;
}

export function draftOf(form: CameraForm): CameraDraft {
  const located = form.latitude.trim() !== '' && form.longitude.trim() !== '';
  return {
    display_name: form.display_name.trim(),
    region: form.region,
    source_url: form.source_url.trim(),
    sub_source_url: form.sub_source_url.trim(),
    camera_class: Number(form.camera_class),
    ownership: form.ownership,
    owner: form.owner.trim(),
    managing_unit: form.managing_unit.trim(),
    operator: form.operator.trim(),
    location: located ? { latitude: Number(form.latitude), longitude: Number(form.longitude) } : null,
    listed_for_residents: form.listed_for_residents,
    audio: form.audio,
    enabled: form.enabled,
    schedule: form.schedule.trim(),
    retention_days: Number(form.retention_days), // nothing typed is 0: the policy decides
  };
}

/** The fields of `after` that differ from `before`, which is all a PATCH may carry. */
export function changesOf(before: CameraForm, after: CameraForm): CameraDraft {
  const old: Record<string, unknown> = { ...draftOf(before) };
  const changed = Object.entries(draftOf(after)).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field]),
  );
  return Object.fromEntries(changed);
}

/** A problem's `field` ("camera.location.latitude", "source_url") as a field of the form, or null. */
export function formField(field: string): FormField | null {
  const last = field.split('.').at(-1) ?? '';
  if (last === 'location') return 'latitude';
  if (last === 'name' || last === 'id') return 'camera_id';
  return last in NEW_CAMERA ? (last as FormField) : null;
}
