import { useMemo } from 'react';
import { useMessages } from '../i18n/LocaleProvider';
import { useRegistry } from './RegistryProvider';
import { regionPath } from './tree';

interface RegionSelectProps {
  id: string;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string;
  value: string;
  /** What choosing none is called; by default a request to choose. */
  none?: string;
  onChange: (region: string) => void;
}

/** Regions by their full path, so that two villages of one name can be told apart. */
export function RegionSelect({ value, none, onChange, ...ids }: RegionSelectProps) {
  const messages = useMessages();
  const { regions } = useRegistry();
  const options = useMemo(
    () =>
      regions.map((region) => ({ name: region.name, label: regionPath(regions, region.name).join(' / ') })),
    [regions],
  );
  return (
    <select
      {...ids}
      data-testid="camera-region"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{none ?? messages.camera.chooseRegion}</option>
      {options.map((option) => (
        <option key={option.name} value={option.name}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
