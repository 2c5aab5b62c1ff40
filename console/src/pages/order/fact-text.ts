import { useWords } from '../../app/language.ts';
import type { Translated } from '../../app/language.ts';
import { yuanText } from '../../parts/money.tsx';
import { clockText } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import type { FactEntry } from './timeline-rows.ts';
import { detailWords } from './detail-words.ts';
import { orderWords } from './words.ts';

type Fact = FactEntry['facts'][number];
type Parts = Translated<(typeof partWords)['zh']>;
type Words = Pick<Translated<(typeof orderWords)['zh']>, 'timeline'> & Translated<(typeof detailWords)['zh']>;

export interface FactText {
  readonly name: string;
  readonly value: string;
  readonly isHidden: boolean;
}

/** What changes an order's fate comes first, what only describes it last. */
const WEIGHTS = [
  'payment',
  'refund',
  'lifecycle',
  'fulfilment',
  'flag.',
  'settlement',
  'commission',
  'money.',
  'acceptBy',
];
const DETAIL = WEIGHTS.length;

const weightOf = ({ register, value }: Fact): number => {
  // A flag that is put down says least of all.
  if (register.startsWith('flag.') && value === false) return DETAIL + 1;
  const at = WEIGHTS.findIndex((name) => (name.endsWith('.') ? register.startsWith(name) : register === name));
  return at === -1 ? DETAIL : at;
};

/** Turns the facts of a message into words, the weightiest first. */
export function useFactTexts(): (entry: FactEntry) => readonly FactText[] {
  const parts = useWords(partWords);
  const { timeline } = useWords(orderWords);
  const details = useWords(detailWords);
  return (entry) => factTexts(entry, { ...details, timeline }, parts);
}

function factTexts({ facts }: FactEntry, words: Words, parts: Parts): readonly FactText[] {
  return [...facts].sort((a, b) => weightOf(a) - weightOf(b)).map((fact) => factText(fact, words, parts));
}

/** How many are worth reading at a glance. */
export const weighty = ({ facts }: FactEntry): number => facts.filter((fact) => weightOf(fact) < DETAIL).length;

function factText(fact: Fact, words: Words, parts: Parts): FactText {
  const { register, line, masked } = fact;
  const flags: Readonly<Record<string, string>> = parts.flags;
  const registers: Readonly<Record<string, string>> = words.registers;
  const part = line.startsWith('part:') ? ` ${line.slice(5)}` : '';
  const name = register.startsWith('flag.')
    ? (flags[register.slice(5)] ?? register)
    : (registers[register] ?? register);
  return { name: `${name}${part}`, value: valueText(fact, words, parts), isHidden: masked === true };
}

function valueText({ register, value, masked }: Fact, words: Words, parts: Parts): string {
  if (masked === true) return words.timeline.hidden;
  if (value === null || value === undefined) return '–';
  const named: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    payment: parts.payments,
    fulfilment: parts.fulfilments,
    lifecycle: parts.lifecycles,
    settlement: parts.settlements,
  };
  if (typeof value === 'string') return named[register]?.[value] ?? value;
  if (typeof value === 'boolean') return value ? '✓' : '✗';
  if (typeof value === 'number') {
    if (register.startsWith('money.')) return yuanText(value);
    return /(?:At|By)$/u.test(register) ? clockText(value) : String(value);
  }
  if (Array.isArray(value)) return words.timeline.times(String(value.length));
  return objectText(register, value as Readonly<Record<string, unknown>>, parts);
}

function objectText(register: string, value: Readonly<Record<string, unknown>>, parts: Parts): string {
  if (register === 'store') return asText(value['name']) ?? asText(value['ref']) ?? '';
  if (register === 'refund') {
    const amount = typeof value['amount'] === 'number' ? ` ${yuanText(value['amount'])}` : '';
    const state = asText(value['state']) ?? '';
    const refunds: Readonly<Record<string, string>> = parts.refunds;
    return `${refunds[state] ?? state}${amount}`;
  }
  if (register === 'commission' && typeof value['cps'] === 'number') return yuanText(value['cps']);
  return Object.keys(value).slice(0, 3).join(', ');
}

const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
