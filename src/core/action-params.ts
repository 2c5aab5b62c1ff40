import type { AccountField } from './account-fields.ts';
import { isStorableText } from './json.ts';
import type { Json } from './json.ts';

/** What is wrong with one param of an action. */
export interface ParamFault {
  readonly field: string;
  readonly message: string;
}

/**
 * Checks the params of an action against their declaration, before anything is signed. Lengths are in characters as a
 * person counts them (an emoji is one), which is what platforms document. Params of kind `json` are the connector's to
 * check. No message repeats a value: it can be personal.
 */
export function paramFaults(
  fields: readonly AccountField[],
  params: Readonly<Record<string, Json>>,
): readonly ParamFault[] {
  const faults: ParamFault[] = [];
  const known = new Set(fields.map(({ name }) => name));
  for (const field of Object.keys(params)) {
    if (!known.has(field)) faults.push({ field, message: `is not one of ${[...known].join(', ') || 'none'}` });
  }
  for (const field of fields) {
    const value = Object.hasOwn(params, field.name) ? (params[field.name] ?? null) : null;
    const message = value === null ? (field.required ? 'is missing' : undefined) : valueFault(field, value);
    if (message !== undefined) faults.push({ field: field.name, message });
  }
  return faults;
}

function valueFault(field: AccountField, value: Json): string | undefined {
  switch (field.kind) {
    case 'text':
      return textFault(value, field.maxLength, field.pattern);
    case 'url':
      return typeof value === 'string' && URL.canParse(value) ? undefined : 'must be an address';
    case 'integer': {
      const fits = typeof value === 'number' && Number.isSafeInteger(value);
      const isWithin = fits && value >= field.minimum && value <= field.maximum;
      return isWithin ? undefined : `must be a whole number from ${field.minimum} to ${field.maximum}`;
    }
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'choice':
      return typeof value === 'string' && field.choices.includes(value)
        ? undefined
        : `must be one of ${field.choices.join(', ')}`;
    case 'json':
      return undefined;
  }
}

function textFault(value: Json, maxLength: number, pattern: string | undefined): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return `must be a text of 1 to ${maxLength} characters`;
  if ([...value].length > maxLength) return `must have at most ${maxLength} characters`;
  // A line break is no control character here: people write them into reasons.
  if (!isStorableText(value) || /[^\P{Cc}\n]/u.test(value)) return 'holds a character that cannot be sent';
  return pattern === undefined || new RegExp(pattern, 'u').test(value) ? undefined : `must have the form ${pattern}`;
}

/** A place in degrees is a number within the globe; `0, 0` lies in the sea and is what a device without a fix says. */
export function placeFaults({ lng, lat }: Readonly<Record<string, Json>>): readonly ParamFault[] {
  const faults: ParamFault[] = [];
  const isWithin = (value: Json | undefined, limit: number): boolean =>
    typeof value === 'number' && Math.abs(value) <= limit;
  if (!isWithin(lng, 180)) faults.push({ field: 'lng', message: 'must be a number from -180 to 180' });
  if (!isWithin(lat, 90)) faults.push({ field: 'lat', message: 'must be a number from -90 to 90' });
  if (lng === 0 && lat === 0) faults.push({ field: 'lng', message: 'must not be 0 together with lat' });
  return faults;
}

/** Degrees as text without an exponent: a millionth is 11 cm, finer than any rider's phone. */
export const degreesText = (degrees: number): string => String(Number(degrees.toFixed(6)) + 0);
