import type { Parsed } from './connector.ts';
import type { Alias, AliasKind, Fact, Report } from './fact.ts';
import type { JsonReader } from './json-reader.ts';
import { topicLine, WHOLE } from './registers.ts';
import type { RegisterName, RegisterValues } from './registers.ts';
import type { StoreNotice } from './store-binding.ts';
import type { TimeMs } from './time.ts';

/** What `parse` is written with: facts by register, tables of statuses and messages, and the three things it can answer. */

/** A fact about the whole order. `at`: where its time is not the report's (`Fact.at`). */
export const whole = <R extends RegisterName>(register: R, value: RegisterValues[R], at?: TimeMs | null): Fact =>
  ({ line: WHOLE, register, value, ...(at === undefined ? {} : { at }) }) as Fact;

/** What is said of one line, by register; what is undefined is not said. */
export type Said = { readonly [R in RegisterName]?: RegisterValues[R] | undefined };

/** The facts of a line, in the order in which they are listed. `at`: where their time is not the report's (`Fact.at`). */
export function factsOn(line: string, said: Said, at?: TimeMs | null): readonly Fact[] {
  const facts: Fact[] = [];
  // A plain loop: filtering and mapping the entries took three times as long, for every push.
  for (const register of Object.keys(said) as RegisterName[]) {
    const value = said[register];
    if (value === undefined) continue;
    facts.push((at === undefined ? { line, register, value } : { line, register, value, at }) as Fact);
  }
  return facts;
}

/** What a message says of the whole order. */
export const wholeFacts = (said: Said, at?: TimeMs | null): readonly Fact[] => factsOn(WHOLE, said, at);

/** The platform's own fields of a message of its own (`topicLine`); none where it has none. */
export const topicFacts = (topic: string, value: RegisterValues['platformFields']): readonly Fact[] =>
  factsOn(topicLine(topic), { platformFields: Object.keys(value).length === 0 ? undefined : value });

type Unsure<Value> = { readonly [Part in keyof Value]: Value[Part] | undefined };
type OrNull<Value> = { [Part in keyof Value]: Value[Part] | null };

/** A value of several parts, null for each that nothing is known of. */
export function orNull<Value extends object>(parts: Unsure<Value>): OrNull<Value> {
  const value: Record<string, unknown> = {};
  // Loops here and below, as in `factsOn`: they run for every push.
  for (const part of Object.keys(parts)) value[part] = parts[part as keyof Value] ?? null;
  return value as OrNull<Value>;
}

/** The same, or undefined where nothing is known of any part. */
export const ifAny = <Value extends object>(parts: Unsure<Value>): OrNull<Value> | undefined =>
  Object.values(parts).some((part) => part !== null && part !== undefined) ? orNull(parts) : undefined;

type Known<Value> = {
  [Part in keyof Value as undefined extends Value[Part] ? never : Part]: Value[Part];
} & {
  [Part in keyof Value as undefined extends Value[Part] ? Part : never]?: Exclude<Value[Part], undefined>;
};

/** A value without the parts that nothing is known of. */
export function known<const Value extends object>(parts: Value): Known<Value> {
  const value: Record<string, unknown> = {};
  for (const part of Object.keys(parts)) {
    const said = parts[part as keyof Value];
    if (said !== undefined) value[part] = said;
  }
  return value as Known<Value>;
}

/** A row of a status table: what the status says of the order, and its place among statements of one time. */
export interface StatusRow {
  readonly stage: number;
  readonly says: Said;
}

/** A table of the platform's own codes. */
export type Table<Row> = Readonly<Record<string, Row>>;

/** A table written as rows of which each has all of its codes. */
export const byCode = <Row>(...rows: readonly (readonly [row: Row, ...codes: readonly string[]])[]): Table<Row> =>
  Object.fromEntries(rows.flatMap(([row, ...codes]) => codes.map((code) => [code, row] as const)));

/** The row of a table; a status called `constructor` is in no table of ours. */
export const lookUp = <Row>(table: Table<Row>, value: string | undefined): Row | undefined =>
  value !== undefined && Object.hasOwn(table, value) ? table[value] : undefined;

/** Genuine and not understood: `reason` names the field, and nothing personal. */
export const unrecognised = (reason: string): Extract<Parsed, { kind: 'unrecognised' }> => ({
  kind: 'unrecognised',
  reason,
});

/** A value that no table of ours has: short, and escaped, since the reason is stored as text. */
export const isUnknown = (name: string, value: string | undefined): Parsed =>
  unrecognised(value === undefined ? `${name} is missing` : `${name} ${quoted(value)} is not known`);

/** A value of the sender inside a reason. */
export const quoted = (value: string): string => JSON.stringify(value.slice(0, 32));

/** Says nothing about any order, such as a ping. */
export const nothing = (note: string): Parsed => ({ kind: 'nothing', note });

type Numbers = { readonly [Kind in AliasKind]?: string | readonly string[] | undefined };

/** The aliases of an order: its numbers by kind, of which the first that is there names it. */
export function aliasesOf(numbers: Numbers): Report['aliases'] {
  const aliases: Alias[] = [];
  for (const kind of Object.keys(numbers) as AliasKind[]) {
    const said = numbers[kind] ?? [];
    if (typeof said === 'string') aliases.push({ kind, value: said });
    else for (const value of said) aliases.push({ kind, value });
  }
  const [first = { kind: 'platform', value: '' }, ...others] = aliases;
  return [first, ...others];
}

/** A report but for the order that it is about. */
export type Telling = Omit<Report, 'aliases' | 'kind'>;

/** What one message says about an order or a store; undefined where the reader's fault says why it says nothing. */
export type Statement = Report | StoreNotice | undefined;

/** What a message says, unless something in it could not be read: half an order would hide that. */
export function told({ fault }: Pick<JsonReader, 'fault'>, ...statements: readonly Statement[]): Parsed {
  if (fault !== undefined) return unrecognised(fault);
  const reports: Report[] = [];
  const stores: StoreNotice[] = [];
  for (const statement of statements) {
    if (statement === undefined) return unrecognised('it cannot be read');
    if ('facts' in statement) reports.push(statement);
    else stores.push(statement);
  }
  return stores.length === 0 ? { kind: 'reports', reports } : { kind: 'reports', reports, stores };
}
