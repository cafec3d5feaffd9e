import type { HTMLInputTypeAttribute } from 'react';
import { Field } from '../design/Field';

interface TextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string | undefined;
  testId?: string;
  type?: HTMLInputTypeAttribute;
  required?: boolean;
  wide?: boolean;
  autoComplete?: string;
}

export function TextField({
  label,
  value,
  onChange,
  hint,
  testId,
  type = 'text',
  required = false,
  wide = false,
  autoComplete = 'off',
}: TextFieldProps) {
  return (
    <Field label={label} hint={hint} wide={wide}>
      {(ids) => (
        <input
          {...ids}
          type={type}
          data-testid={testId}
          value={value}
          required={required}
          autoComplete={autoComplete}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

interface ChoiceFieldProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
  testId?: string;
  wide?: boolean;
}

export function ChoiceField<T extends string>({
  label,
  value,
  options,
  onChange,
  testId,
  wide = false,
}: ChoiceFieldProps<T>) {
  return (
    <Field label={label} wide={wide}>
      {(ids) => (
        <select
          {...ids}
          data-testid={testId}
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
        >
          {options.map(([option, name]) => (
            <option key={option} value={option}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface ChecksProps<T extends string> {
  legend: string;
  chosen: readonly T[];
  options: readonly (readonly [T, string])[];
  onChange: (chosen: T[]) => void;
  testId?: string;
}

/** Some of a few. */
export function Checks<T extends string>({ legend, chosen, options, onChange, testId }: ChecksProps<T>) {
  return (
    <fieldset data-testid={testId}>
      <legend>{legend}</legend>
      {options.map(([option, name]) => (
        <label key={option} className="check">
          <input
            type="checkbox"
            value={option}
            checked={chosen.includes(option)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, option] : chosen.filter((each) => each !== option))
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
