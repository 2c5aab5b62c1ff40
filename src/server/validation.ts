import type { FastifySchemaCompiler } from 'fastify';
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import Format from 'typebox/format';
import { Settings } from 'typebox/system';
import { jsonFault } from './json-body.ts';
import { ShapeError } from './problem.ts';

// All faults at once, not the first eight.
Settings.Set({ maxErrors: 64 });

// RFC 3339 with an offset, and a day that exists: the library's own check takes the 31st of February.
Format.Set('date-time', (text) => {
  const match = /^\d{4}-\d{2}-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/u.exec(text);
  const time = new Date(text);
  if (match === null || Number.isNaN(time.getTime())) return false;
  const lastDay = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  return Number(match[1]) <= lastDay;
});

/**
 * Checks requests with the one schema library. Texts of the query and the path become numbers and booleans where the
 * schema says so; a JSON body is taken as it is, for there a `"3"` is a mistake.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const isText = httpPart !== 'body';
  return (given: unknown) => {
    if ((given === undefined || given === null) && Type.IsOptional(schema)) return { value: undefined };
    const value = isText ? withPlainNumbers(given, validator.Convert(structuredClone(given))) : given;
    // The parser has seen to that in bodies.
    if (isText && jsonFault(value) !== undefined)
      return { error: new ShapeError([{ field: '', message: 'a value cannot be stored' }]) };
    if (validator.Check(value)) return { value };
    return { error: new ShapeError(faultsOf(validator.Errors(value), httpPart ?? 'body')) };
  };
};

/**
 * The library cuts `1.5` down to 1 and reads `1e2` as 100. What is not written like the number that was made of it stays
 * a text, and is refused as one.
 */
function withPlainNumbers(given: unknown, value: unknown): unknown {
  if (!isRecord(given) || !isRecord(value)) return value;
  for (const [name, text] of Object.entries(given)) {
    const made = value[name];
    if (typeof made === 'number' && typeof text === 'string' && String(made) !== text) value[name] = text;
  }
  return value;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

function faultsOf(errors: Iterable<Fault>, part: string): { field: string; message: string }[] {
  const faults = new Map<string, string>();
  const note = (field: string, message: string): void => {
    if (!faults.has(field)) faults.set(field, message);
  };
  for (const { keyword, instancePath, message, params } of errors) {
    const path = instancePath.slice(1).replaceAll('/', '.');
    const inside = (name: string): string => (path === '' ? name : `${path}.${name}`);
    if (keyword === 'required') {
      for (const name of (params as { requiredProperties: readonly string[] }).requiredProperties)
        note(inside(name), 'is missing');
    } else if (keyword === 'additionalProperties') {
      for (const name of (params as { additionalProperties: readonly string[] }).additionalProperties)
        note(inside(name), 'is not known here');
    } else if (keyword === 'enum') {
      note(path, `must be one of ${(params as { allowedValues: readonly unknown[] }).allowedValues.join(', ')}`);
    } else if (keyword === 'format') {
      note(path, 'must be a time as RFC 3339 has it, such as 2026-01-31T08:00:00Z');
    } else if (keyword !== 'boolean') {
      note(path, message);
    }
  }
  if (faults.size === 0) note('', `the ${part} does not fit`);
  return [...faults].map(([field, message]) => ({ field, message }));
}
