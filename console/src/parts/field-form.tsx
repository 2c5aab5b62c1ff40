import { Input, InputNumber, Select, Switch } from 'antd';
import { useId } from 'react';
import type { ReactNode } from 'react';
import type { FieldSpec } from '../api/platforms.ts';
import { useOwnWords, useWords } from '../app/language.ts';
import styles from './field-form.module.css';
import { partWords } from './words.ts';

/** What was typed, by field: text for every kind but boolean. Undefined: untouched. */
export type FieldTexts = Readonly<Record<string, string | boolean | undefined>>;

export type FieldFaults = Readonly<Record<string, string | undefined>>;

const NO_FAULTS: FieldFaults = {};

/** A form made from the connectors' field data. It keeps texts; `fieldValues` turns them into what the API takes. */
export function FieldForm({
  fields,
  texts,
  onChange,
  faults = NO_FAULTS,
  isSecret = false,
}: {
  readonly fields: readonly FieldSpec[];
  readonly texts: FieldTexts;
  readonly onChange: (texts: FieldTexts) => void;
  readonly faults?: FieldFaults;
  /** Credentials: typed unseen. */
  readonly isSecret?: boolean;
}): ReactNode {
  return (
    <div className={styles['form']}>
      {fields.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          text={texts[field.name]}
          fault={faults[field.name]}
          isSecret={isSecret}
          onChange={(text) => onChange({ ...texts, [field.name]: text })}
        />
      ))}
    </div>
  );
}

function FieldRow({
  field,
  text,
  fault,
  isSecret,
  onChange,
}: {
  readonly field: FieldSpec;
  readonly text: string | boolean | undefined;
  readonly fault: string | undefined;
  readonly isSecret: boolean;
  readonly onChange: (text: string | boolean | undefined) => void;
}): ReactNode {
  const id = useId();
  const own = useOwnWords();
  const words = useWords(partWords);
  const shown = text ?? defaultText(field);
  const status = fault === undefined ? ('' as const) : ('error' as const);
  const shared = {
    id,
    status,
    'aria-describedby': `${id}-help`,
    'aria-invalid': fault !== undefined,
    'aria-required': field.required,
  };
  const asText = typeof shown === 'string' ? shown : '';
  return (
    <div className={styles['row']}>
      <label htmlFor={id}>
        {own(field.label)}
        {field.required && (
          <span className={styles['star']} title={words.form.required}>
            *
          </span>
        )}
      </label>
      {field.kind === 'boolean' ? (
        <Switch id={id} checked={shown === true} onChange={onChange} aria-describedby={`${id}-help`} />
      ) : field.kind === 'choice' ? (
        <Select
          {...shared}
          value={asText === '' ? null : asText}
          placeholder={words.form.choose}
          options={field.choices.map((value) => ({ value, label: value }))}
          onChange={(value: string | null) => onChange(value ?? undefined)}
          allowClear={!field.required}
          showSearch={field.choices.length > 8}
        />
      ) : field.kind === 'integer' ? (
        <InputNumber
          {...shared}
          stringMode
          precision={0}
          value={asText === '' ? null : asText}
          onChange={(value) => onChange(value === null ? undefined : value)}
          style={{ width: '100%' }}
        />
      ) : field.kind === 'json' ? (
        <Input.TextArea
          {...shared}
          autoSize={{ minRows: 2, maxRows: 10 }}
          className="mono"
          value={asText}
          onChange={({ target }) => onChange(target.value)}
        />
      ) : isSecret ? (
        <Input.Password
          {...shared}
          autoComplete="new-password"
          value={asText}
          onChange={({ target }) => onChange(target.value)}
        />
      ) : (
        <Input {...shared} autoComplete="off" value={asText} onChange={({ target }) => onChange(target.value)} />
      )}
      <p id={`${id}-help`} className={styles['help']} data-fault={fault !== undefined}>
        {fault ?? own(field.help)}
      </p>
    </div>
  );
}

function defaultText({ kind, default: value }: FieldSpec): string | boolean {
  if (kind === 'boolean') return value === true;
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * What was typed as the API takes it; what was left empty is left out. The faults are for the fields to show; what only
 * the hub or the platform can know comes back from the API.
 */
export function fieldValues(
  fields: readonly FieldSpec[],
  texts: FieldTexts,
  words: { readonly required: string; readonly wrongNumber: string; readonly wrongJson: string },
): { readonly values: Readonly<Record<string, unknown>>; readonly faults: FieldFaults } {
  const values: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const text = texts[field.name];
    if (typeof text === 'boolean') {
      values[field.name] = text;
      continue;
    }
    const trimmed = (text ?? '').trim();
    if (trimmed === '') {
      if (field.required && defaultText(field) === '') faults[field.name] = words.required;
      continue;
    }
    if (field.kind === 'integer') {
      if (/^-?\d{1,15}$/u.test(trimmed)) values[field.name] = Number(trimmed);
      else faults[field.name] = words.wrongNumber;
    } else if (field.kind === 'json') {
      try {
        values[field.name] = JSON.parse(trimmed);
      } catch {
        faults[field.name] = words.wrongJson;
      }
    } else values[field.name] = trimmed;
  }
  return { values, faults };
}

/** The faults that the API found, by field: its `params.reason` is the field `reason`. */
export function faultsOf(
  faults: readonly { readonly field: string; readonly message: string }[],
  prefix: string,
): FieldFaults {
  return Object.fromEntries(
    faults
      .filter(({ field }) => field.startsWith(`${prefix}.`))
      .map(({ field, message }) => [field.slice(prefix.length + 1), message]),
  );
}
