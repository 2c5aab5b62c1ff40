import { hash } from 'node:crypto';
import { canonicalJson } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { RegisterName, RegisterValues } from './registers.ts';
import type { TimeMs } from './time.ts';

/** One statement about one register of one line of an order. */
export type Fact = {
  [R in RegisterName]: {
    readonly line: string;
    readonly register: R;
    readonly value: RegisterValues[R];
    /**
     * The platform's time of this statement where it is not the report's. null: it speaks only as long as no statement
     * with a time does, such as the state of a delivery in a push about the whole order.
     */
    readonly at?: TimeMs | null;
  };
}[RegisterName];

export type AliasKind = 'platform' | 'display' | 'merchant' | 'payment';

/** A number by which a platform may name an order. */
export interface Alias {
  readonly kind: AliasKind;
  readonly value: string;
}

export type OrderKind = 'cps' | 'takeaway' | 'payment' | 'vending' | 'supply' | 'stock_in';

/**
 * What one message says about one order: facts that share a source, a time and a key. It is the unit that is stored
 * once: the same report again is a repeat.
 */
export interface Report {
  /** The order's numbers, the one that names it first. A report with two of them links two orders. */
  readonly aliases: readonly [Alias, ...Alias[]];
  readonly kind: OrderKind;
  /** Identity of the report within its order. Left out: a hash of what it says (`reportKey`). */
  readonly key?: string;
  /** The platform's own time of the statement; null where it gives none. */
  readonly at: TimeMs | null;
  /**
   * How far along in the order's life the statement is; decides between statements of equal time, which is all of them
   * where a platform gives no time. Default 0.
   */
  readonly stage?: number;
  /** A final value beats a provisional one. Default true. */
  readonly final?: boolean;
  /** A newer generation beats an older one; only our own decisions start one. Default 0. */
  readonly generation?: number;
  /**
   * Set when the message cannot be ordered against others of its kind (it has neither rank nor time): the platform is
   * then asked for the truth, once for all such messages that wait, and until it answers the last received stands.
   */
  readonly doubt?: string;
  readonly facts: readonly Fact[];
}

/** The winner that a register keeps. Short names and no usual value: it is stored once per register of every order. */
export interface Cell {
  /** value */
  readonly v: Json;
  /** platform's time; left out where it gave none */
  readonly t?: TimeMs;
  /** stage; left out when 0 */
  readonly s?: number;
  /** 0 for a provisional value; left out for a final one */
  readonly f?: 0;
  /** generation; left out when 0 */
  readonly g?: number;
  /** key of the report */
  readonly k: string;
}

export type Line = Readonly<Partial<Record<RegisterName, Cell>>>;
/** All that is known of an order: line name to its registers. */
export type Lines = Readonly<Record<string, Line>>;

/**
 * How the values of a register compare. `time`: the younger statement wins, then the higher rank. `rank`: the higher
 * rank wins whenever it was said, because that platform's terminal statements never revert; then the younger.
 * `highest` and `lowest` rank a number by itself: the first completion of several, the largest count heard.
 */
export interface RegisterRule {
  readonly by: 'time' | 'rank';
  readonly ranks?: Readonly<Record<string, number>> | 'highest' | 'lowest';
}

/** The rule of every register that a connector's facts use. */
export type RegisterRules = Readonly<Partial<Record<RegisterName, RegisterRule>>>;

/** Identity of a report: its own key, or a hash of all that it says, so that a resend with a fresh signature is a repeat. */
export function reportKey(report: Report): string {
  if (report.key !== undefined) return report.key;
  const { at, stage = 0, final = true, generation = 0, facts } = report;
  // Not canonical: a connector builds its facts in one order, and sorting every name cost 23 µs of a callback.
  const content = JSON.stringify([at, stage, final, generation, facts]);
  return hash('sha256', content, 'base64url').slice(0, 27);
}

function rankOf({ ranks }: RegisterRule, value: Json): number {
  if (ranks === undefined) return 0;
  if (ranks === 'highest' || ranks === 'lowest') {
    const number = typeof value === 'number' ? value : 0;
    return ranks === 'highest' ? number : -number;
  }
  const state = isObject(value) ? value['state'] : value;
  return typeof state === 'string' || typeof state === 'boolean' ? (ranks[String(state)] ?? 0) : 0;
}

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * Which of two cells wins: positive for `a`. A total order over (generation, final, time, stage, rank, key, value) that
 * never looks at when a fact arrived; so keeping the maximum is commutative, associative and idempotent.
 */
export function compareCells(rule: RegisterRule, a: Cell, b: Cell): number {
  const byGeneration = (a.g ?? 0) - (b.g ?? 0);
  if (byGeneration !== 0) return byGeneration;
  const byFinality = (a.f ?? 1) - (b.f ?? 1);
  if (byFinality !== 0) return byFinality;
  const byTime = (a.t ?? -1) - (b.t ?? -1) || (a.s ?? 0) - (b.s ?? 0);
  const byRank = rankOf(rule, a.v) - rankOf(rule, b.v);
  const [first, second] = rule.by === 'time' ? [byTime, byRank] : [byRank, byTime];
  if (first !== 0) return first;
  if (second !== 0) return second;
  if (a.k !== b.k) return a.k < b.k ? -1 : 1;
  // One key with two values: a connector's own key that was too coarse. Still the same winner in any order.
  const [left, right] = [canonicalJson(a.v), canonicalJson(b.v)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function ruleFor(rules: RegisterRules, register: RegisterName): RegisterRule {
  const rule = rules[register];
  if (rule === undefined) throw new TypeError(`register ${register} has no declared order`);
  return rule;
}

/** Lets a report's facts compete for their registers. Returns the same object when none of them won. */
export function applyReport(lines: Lines, report: Report, rules: RegisterRules, key = reportKey(report)): Lines {
  let next: Record<string, Line> | undefined;
  for (const fact of report.facts) {
    const cell = cellOf(report, fact, key);
    const line = (next ?? lines)[fact.line];
    const held = line?.[fact.register];
    if (held !== undefined && compareCells(ruleFor(rules, fact.register), cell, held) <= 0) continue;
    if (held === undefined) ruleFor(rules, fact.register);
    next ??= { ...lines };
    // Each line is copied once, and not for each of its dozen registers.
    const own: Partial<Record<RegisterName, Cell>> =
      line === undefined || line === lines[fact.line] ? { ...line } : line;
    own[fact.register] = cell;
    next[fact.line] = own;
  }
  return next ?? lines;
}

function cellOf(report: Report, fact: Fact, key: string): Cell {
  const cell: { -readonly [K in keyof Cell]: Cell[K] } = { v: fact.value as Json, k: key };
  const at = fact.at === undefined ? report.at : fact.at;
  if (at !== null) cell.t = at;
  if (report.stage !== undefined && report.stage !== 0) cell.s = report.stage;
  if (report.final === false) cell.f = 0;
  if (report.generation !== undefined && report.generation !== 0) cell.g = report.generation;
  return cell;
}

/** All facts of two orders that turned out to be one. */
export function mergeLines(a: Lines, b: Lines, rules: RegisterRules): Lines {
  const merged: Record<string, Line> = { ...a };
  for (const [name, line] of Object.entries(b)) {
    const joined: Partial<Record<RegisterName, Cell>> = { ...merged[name] };
    for (const register of Object.keys(line) as RegisterName[]) {
      const cell = line[register];
      const held = joined[register];
      if (cell === undefined) continue;
      if (held === undefined || compareCells(ruleFor(rules, register), cell, held) > 0) joined[register] = cell;
    }
    merged[name] = joined;
  }
  return merged;
}

/** The value that a register of a line holds, or `undefined`. */
export function read<R extends RegisterName>(lines: Lines, line: string, register: R): RegisterValues[R] | undefined {
  return lines[line]?.[register]?.v as RegisterValues[R] | undefined;
}
