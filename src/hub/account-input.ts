import Type from 'typebox';
import type { TProperties, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AccountField } from '../core/account-fields.ts';
import { autoAcceptFault } from '../core/auto-accept-rule.ts';
import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { isStorableText } from '../core/json.ts';
import { oneItemFault } from '../core/one-item-rule.ts';
import { checkTargetUrl } from './target-guard.ts';
import type { TargetFault, TargetPolicy } from './target-guard.ts';

/** Settings of kind `json` that have a rule of their own. */
const SETTING_FAULTS: ReadonlyMap<string, (value: Json) => string | undefined> = new Map([
  ['autoAccept', autoAcceptFault],
  ['oneItemPerDispense', oneItemFault],
]);

/** The schema of one field, for validation, OpenAPI and the console's form. */
export function fieldSchema(field: AccountField): TSchema {
  const words = { title: field.label.en, description: field.help.en };
  switch (field.kind) {
    case 'text':
      return Type.String({
        ...words,
        minLength: 1,
        maxLength: field.maxLength,
        ...(field.pattern === undefined ? {} : { pattern: field.pattern }),
        ...(field.default === undefined ? {} : { default: field.default }),
      });
    case 'url':
      return Type.String({
        ...words,
        maxLength: 2000,
        ...(field.default === undefined ? {} : { default: field.default }),
      });
    case 'integer':
      return Type.Integer({
        ...words,
        minimum: field.minimum,
        maximum: field.maximum,
        ...(field.default === undefined ? {} : { default: field.default }),
      });
    case 'boolean':
      return Type.Boolean({ ...words, default: field.default });
    case 'choice':
      return Type.Enum([...field.choices], { ...words, default: field.default });
    case 'json':
      return Type.Unknown({ ...words, ...(field.default === undefined ? {} : { default: field.default }) });
  }
}

/** The schema of all fields together. Fields that are not declared are refused. */
export function fieldsSchema(fields: readonly AccountField[]): TSchema {
  const properties: TProperties = {};
  for (const field of fields) {
    const schema = fieldSchema(field);
    properties[field.name] = field.required && field.default === undefined ? schema : Type.Optional(schema);
  }
  return Type.Object(properties, { additionalProperties: false });
}

/**
 * Throws `credentials_invalid` or `settings_invalid` that names every field that does not fit. The messages never repeat
 * a value: it may be a secret.
 */
export function checkFields(
  code: 'credentials_invalid' | 'settings_invalid',
  fields: readonly AccountField[],
  values: Readonly<Record<string, Json>>,
  targets: TargetPolicy,
): void {
  const faults: { field: string; message: string }[] = [];
  const part = code === 'credentials_invalid' ? 'credentials' : 'settings';
  const fault = (name: string, message: string): void => {
    faults.push({ field: `${part}.${name}`, message });
  };
  const known = new Map(fields.map((field) => [field.name, field]));
  for (const name of Object.keys(values)) {
    if (!known.has(name)) fault(name, `is not one of ${fields.map((field) => field.name).join(', ') || 'none'}`);
  }
  for (const field of fields) {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    if (value === undefined) {
      if (field.required && field.default === undefined) fault(field.name, 'is missing');
      continue;
    }
    const message =
      valueFault(field, value, targets) ?? (part === 'settings' ? SETTING_FAULTS.get(field.name)?.(value) : undefined);
    if (message !== undefined) fault(field.name, message);
  }
  if (faults.length > 0) {
    throw new HuidanError(code, faults.map(({ field, message }) => `${field} ${message}`).join('; '), {
      fields: faults,
    });
  }
}

function valueFault(field: AccountField, value: Json, targets: TargetPolicy): string | undefined {
  if (!isStorableText(JSON.stringify(value)) || (typeof value === 'string' && !isStorableText(value))) {
    return 'holds a character that cannot be stored';
  }
  if (!Compile(fieldSchema(field)).Check(value)) return `must be ${wanted(field)}`;
  return field.kind === 'url' && typeof value === 'string' ? urlFault(value, targets) : undefined;
}

const TARGET_FAULTS: Readonly<Record<TargetFault, string>> = {
  not_a_url: 'must be an http or https address',
  not_http: 'must be an http or https address',
  has_userinfo: 'must not hold a user name or a password',
  private_address: 'points at a private address; HUIDAN_ALLOW_PRIVATE_TARGETS=true allows those',
};

function urlFault(text: string, targets: TargetPolicy): string | undefined {
  const checked = checkTargetUrl(text, targets);
  return 'fault' in checked ? TARGET_FAULTS[checked.fault] : undefined;
}

function wanted(field: AccountField): string {
  switch (field.kind) {
    case 'text':
      return field.pattern === undefined
        ? `a text of 1 to ${field.maxLength} characters`
        : `a text of 1 to ${field.maxLength} characters of the form ${field.pattern}`;
    case 'url':
      return 'an http or https address';
    case 'integer':
      return `a whole number from ${field.minimum} to ${field.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${field.choices.join(', ')}`;
    case 'json':
      return 'JSON';
  }
}
