import { NumberText } from '../json.ts';
import { MESSAGE_DEVIATIONS, SHAPE_DEVIATIONS } from './shape-deviations.ts';
import { VALUE_DEVIATIONS } from './value-deviations.ts';
import { beforeRounding } from './number-writings.ts';
import { subsetDeviations } from './field-subsets.ts';
import type { ReadField, Reading } from './request-reading.ts';
import type { FieldRules, FieldScheme, Scheme } from './scheme.ts';
import { sourceFields } from './signed-text.ts';
import { findSignatures, signaturesAt } from './signature-place.ts';
import { isFieldScheme, isMessageScheme, probe, Trials } from './trial.ts';
import type { AnyDeviation, AnyRules, Candidate, DoctorSecret, Known, Match, PlatformSheet } from './trial.ts';
import { unlistedCandidates, unlistedWithValues } from './unlisted-schemes.ts';

export interface SearchInput {
  readonly reading: Reading;
  /** The platform that the request is of; null where nobody said. */
  readonly platform: string | null;
  readonly sheets: readonly PlatformSheet[];
  readonly secrets: readonly DoctorSecret[];
  /** A signature to be explained instead of the one in the request. */
  readonly signature?: string;
  /** Values that an account has beside its secrets, such as its app key: a signer may have signed one that it did not send. */
  readonly plainCredentials: Readonly<Record<string, string>>;
  readonly maxTried?: number;
}

export interface SearchResult {
  /** The best first. */
  readonly matches: readonly Match[];
  readonly tried: number;
  /** Everything was tried that the doctor knows to try. */
  readonly isExhausted: boolean;
}

/** About 1 s of one core for a push of 1 KiB (bench/doctor.ts). */
export const MAX_TRIED = 120_000;
const MOST_MATCHES = 5;

/**
 * Searches for the scheme, the secret and the deviations that give a signature: known things first, single deviations
 * before pairs, then a systematic space, each stage only where the ones before found nothing. Yields after each
 * candidate, so that the caller can let others work.
 */
export function* search(input: SearchInput, isTimeUp: () => boolean = () => false): Generator<void, SearchResult> {
  const { own, others } = knownSchemes(input);
  const all = [...own, ...others];
  const trials = new Trials(input.reading, placesOf(input, all), input.maxTried ?? MAX_TRIED);
  const withAll = (candidates: Iterable<Candidate>): Iterable<Trial> => paired(candidates, input.secrets);
  const stages: readonly (() => Iterable<Trial>)[] = [
    // Documented schemes, with whatever secret.
    () => withAll(own.map(plain)),
    () => lazily(own, (known) => secretWritings(known, input.secrets)),
    () => withAll(lazily(own, knownForms)),
    () =>
      paired(
        own.map((known) => ({ ...plain(known), deviations: [NO_SECRET] })),
        [null],
      ),
    () => withAll(others.map(plain)),
    () => withAll(lazily(own, (known) => singles(known, input))),
    () => restored(own, input),
    () => withAll(lazily(own, (known) => subsets(known, input))),
    () => withAll(lazily(others, knownForms)),
    () => withAll(lazily(own, (known) => pairs(known, input))),
    () => withAll(unlistedCandidates(input.reading, own)),
    () => withAll(lazily(others, (known) => singles(known, input))),
    () => withAll(unlistedWithValues(input.reading, own)),
  ];
  for (const stage of stages) {
    for (const [candidate, secrets] of stage()) {
      if (trials.isOver || isTimeUp()) return ranked(trials, input, false);
      trials.test(candidate, secrets);
      yield;
    }
    if (trials.matches.length > 0) break;
  }
  return ranked(trials, input, true);
}

type Trial = readonly [Candidate, readonly (DoctorSecret | null)[]];

function* paired(candidates: Iterable<Candidate>, secrets: Trial[1]): Generator<Trial> {
  for (const candidate of candidates) yield [candidate, secrets];
}

/** One scheme after the other, none before its turn: reading a large body in sixty ways takes its time. */
function* lazily<Item>(list: readonly Known[], make: (known: Known) => Iterable<Item>): Generator<Item> {
  for (const known of list) yield* make(known);
}

/** The schemes of the platform and direction, those that fit the request first, then all others. */
function knownSchemes({ reading, platform, sheets }: SearchInput): { own: readonly Known[]; others: readonly Known[] } {
  const all = sheets.flatMap((of) => of.sheet.schemes.map((scheme): Known => ({ of, scheme })));
  const isOwn = ({ of, scheme }: Known): boolean =>
    scheme.direction === reading.request.direction && (platform === null || of.platform === platform);
  const isNear = ({ of }: Known): boolean => of.platform === platform;
  const misfit = ({ scheme }: Known): number =>
    (signaturesAt(reading, scheme).length > 0 ? 0 : 10) + Math.min(missingNames(reading, scheme), 9);
  return {
    own: all
      .filter(isOwn)
      .map((known) => ({ known, misfit: misfit(known) }))
      .sort((a, b) => a.misfit - b.misfit)
      .map(({ known }) => known),
    others: all.filter((known) => !isOwn(known)).sort((a, b) => Number(isNear(b)) - Number(isNear(a))),
  };
}

function placesOf({ reading, signature }: SearchInput, all: readonly Known[]): Trials['signatures'] {
  return new Map<Scheme, ReturnType<typeof findSignatures>>(
    all.map(({ scheme }) => [scheme, findSignatures(reading, scheme, signature)]),
  );
}

const plain = (known: Known): Candidate => ({ known, rules: known.scheme.rules, deviations: [] });

const varied = (known: Known, deviations: readonly AnyDeviation[]): Candidate => ({
  known,
  rules: Object.assign({}, known.scheme.rules, ...deviations.map(({ change }) => change)) as Candidate['rules'],
  deviations,
});

const knownForms = (known: Known): readonly Candidate[] =>
  (known.scheme.forms as readonly AnyDeviation[]).map((form) => varied(known, [form]));

/** A secret that was copied with something around it, or in the wrong letter case. */
function secretWritings(known: Known, secrets: readonly DoctorSecret[]): (readonly [Candidate, DoctorSecret[]])[] {
  const writings: readonly (readonly [string, string, string, (value: string) => string])[] = [
    ['secret.trimmed', 'blanks around the secret are cut', '密钥首尾的空白被去掉', (value) => value.trim()],
    [
      'secret.unquoted',
      'the quotes around the secret are cut',
      '密钥两端的引号被去掉',
      (value) => value.replace(/^(["'])(.*)\1$/su, '$2'),
    ],
    ['secret.line_end', 'a line feed stands behind the secret', '密钥末尾多了一个换行', (value) => `${value}\n`],
    ['secret.blank', 'a blank stands behind the secret', '密钥末尾多了一个空格', (value) => `${value} `],
    ['secret.lower', 'the secret is in lower case', '密钥被转为小写', (value) => value.toLowerCase()],
    ['secret.upper', 'the secret is in upper case', '密钥被转为大写', (value) => value.toUpperCase()],
  ];
  return writings.flatMap(([code, en, zh, write]) => {
    const written = secrets
      .map((secret) => ({ ...secret, value: write(secret.value) }))
      .filter(({ value }, index) => value !== secrets[index]?.value);
    const candidate = { ...plain(known), deviations: [{ code, words: { en, zh }, change: {} }] };
    return written.length === 0 ? [] : [[candidate, written] as const];
  });
}

/** The single deviations that change what would be hashed of this request. */
function singles(known: Known, input: SearchInput): Iterable<Candidate> {
  if (isMessageScheme(known)) {
    return effective(input.reading, known, MESSAGE_DEVIATIONS);
  }
  if (!isFieldScheme(known)) return [];
  const deviations = [...VALUE_DEVIATIONS, ...fieldDeviations(known.scheme, input), ...SHAPE_DEVIATIONS, HMAC];
  return effective(input.reading, known, deviations);
}

const NO_SECRET: AnyDeviation = {
  code: 'secret.empty',
  words: { en: 'the secret is empty', zh: '密钥为空' },
  change: {},
};

const HMAC: AnyDeviation = {
  code: 'digest.hmac',
  words: { en: 'the secret is the key of an HMAC', zh: '密钥作为 HMAC 的 key 使用' },
  change: { digest: 'hmac-md5', before: '', after: '', among: undefined },
};

function* effective(reading: Reading, known: Known, deviations: readonly AnyDeviation[]): Generator<Candidate> {
  const seen = new Set([probe(reading, plain(known))]);
  for (const deviation of deviations) {
    const candidate = varied(known, [deviation]);
    const text = probe(reading, candidate);
    if (text === undefined || seen.has(text)) continue;
    seen.add(text);
    yield candidate;
  }
}

/** Fields left out, taken in, or signed though they were not sent. */
function fieldDeviations(scheme: FieldScheme, input: SearchInput): readonly AnyDeviation[] {
  const { rules } = scheme;
  const fields = sourceFields(input.reading, rules);
  const own = (name: string): AnyDeviation => ({
    code: 'field.dropped',
    field: name,
    words: { en: `\`${name}\` is not signed`, zh: `\`${name}\` 不参与签名` },
    change: { except: [...rules.except, name] },
  });
  const taken = (name: string): AnyDeviation => ({
    code: 'field.included',
    field: name,
    words: { en: `\`${name}\` is signed too`, zh: `\`${name}\` 也参与签名` },
    change: {
      except: rules.except.filter((given) => given !== name),
      ...(rules.only === undefined ? {} : { only: [...rules.only, name] }),
    },
  });
  const injected = (name: string, value: string): AnyDeviation => ({
    code: 'field.injected',
    field: name,
    words: {
      en: `\`${name}\` is signed though the request does not have it`,
      zh: `请求中没有 \`${name}\`，但它参与了签名`,
    },
    change: { injected: [...rules.injected, [name, value]] },
  });
  const names = fields.map(({ name }) => name);
  const isLeft = (name: string): boolean =>
    rules.except.includes(name) || (rules.only !== undefined && !rules.only.includes(name));
  const signName = scheme.signature.name;
  return [
    ...names
      .filter(isLeft)
      .filter((name) => name !== signName || input.signature !== undefined)
      .map(taken),
    ...names.filter((name) => !isLeft(name)).map(own),
    ...(rules.lead.length === 0 ? [] : rules.lead.map((name) => leadDropped(rules, name))),
    { ...injected(signName, ''), code: 'field.signature_empty' },
    ...Object.entries(input.plainCredentials)
      .filter(([name]) => !names.includes(name))
      .map(([name, value]) => injected(name, value)),
    ...topLevelNames(input.reading, scheme, names).map(([name, value]) => injected(name, value)),
  ];
}

const leadDropped = (rules: FieldRules, name: string): AnyDeviation => ({
  code: 'field.dropped',
  field: name,
  words: { en: `\`${name}\` is not signed`, zh: `\`${name}\` 不参与签名` },
  change: { lead: rules.lead.filter((given) => given !== name), except: [...rules.except, name] },
});

/** Fields beside those that the scheme looks at: of the envelope, the query, and what is usual beside them. */
function topLevelNames(reading: Reading, scheme: FieldScheme, names: readonly string[]): (readonly [string, string])[] {
  const usual: readonly (readonly [string, string])[] = [
    ['version', '1'],
    ['charset', 'utf-8'],
    ['charset', 'UTF-8'],
    ['topic', reading.request.topic],
  ];
  const beside = [...reading.fields, ...reading.query]
    .filter(({ value }) => typeof value === 'string' || value instanceof NumberText)
    .map(({ name, value }) => [name, value instanceof NumberText ? value.text : (value as string)] as const);
  return [...beside, ...usual].filter(
    ([name, value]) => value !== '' && !names.includes(name) && name !== scheme.signature.name,
  );
}

/** The digits that somebody's parser has rounded away may be found again: only some 1 000 numbers round to the same. */
function* restored(own: readonly Known[], input: SearchInput): Generator<Trial> {
  for (const known of own.filter(isFieldScheme)) {
    const secrets = input.secrets.filter(({ name }) => known.scheme.secrets.includes(name));
    for (const field of input.reading.fields) {
      if (!(field.value instanceof NumberText)) continue;
      for (const digits of beforeRounding(field.value.text)) {
        const deviation: AnyDeviation = {
          code: 'number.restored',
          field: field.name,
          words: {
            en: `\`${field.name}\` was ${digits} before a parser rounded it`,
            zh: `\`${field.name}\` 原为 ${digits}，被解析器舍入`,
          },
          change: {},
        };
        const reading = { ...input.reading, fields: withDigits(input.reading.fields, field, digits) };
        yield [{ ...plain(known), deviations: [deviation], reading }, secrets.length > 0 ? secrets : input.secrets];
      }
    }
  }
}

const withDigits = (fields: readonly ReadField[], field: ReadField, digits: string): readonly ReadField[] =>
  fields.map((held) => (held === field ? { ...held, value: new NumberText(digits), raw: digits } : held));

function* subsets(known: Known, { reading }: SearchInput): Generator<Candidate> {
  if (!isFieldScheme(known)) return;
  for (const deviation of subsetDeviations(reading, known.scheme)) yield varied(known, [deviation]);
}

/** Two deviations at once, the known forms among them. */
function* pairs(known: Known, input: SearchInput): Generator<Candidate> {
  const parts = [...knownForms(known), ...singles(known, input)].flatMap(({ deviations }) => deviations);
  const seen = new Set<string | undefined>(parts.map((part) => probe(input.reading, varied(known, [part]))));
  // The texts of large bodies must not fill the memory; trying one twice is no harm.
  const most = 20_000_000 / (input.reading.text.length + 1);
  for (const [index, first] of parts.entries()) {
    for (const second of parts.slice(index + 1)) {
      const both = combined(first, second);
      if (both === undefined) continue;
      const candidate = { ...varied(known, [{ ...first, change: both }]), deviations: [first, second] };
      const text = probe(input.reading, candidate);
      if (text === undefined || seen.has(text)) continue;
      if (seen.size < most) seen.add(text);
      yield candidate;
    }
  }
}

/** Both changes in one; `undefined` where they speak of the same thing. */
function combined(first: AnyDeviation, second: AnyDeviation): AnyRules | undefined {
  const shared = Object.keys(first.change).filter((key) => Object.hasOwn(second.change, key));
  if (shared.length === 0) return { ...first.change, ...second.change };
  const lists = shared.every((key) => key === 'except') && first.code === 'field.dropped' && second.code === first.code;
  if (!lists) return undefined;
  return { ...first.change, except: [...(first.change.except ?? []), ...(second.change.except ?? [])] };
}

/** The simplest explanation first: the right secret, the own platform, few deviations. */
function ranked(trials: Trials, input: SearchInput, isExhausted: boolean): SearchResult {
  const { reading } = input;
  const cost = ({ candidate: { known }, secret, deviations, confidence }: Match): number =>
    deviations.length * 10 +
    Math.min(missingNames(reading, known.scheme), 3) * 0.3 +
    (secret !== null && known.scheme.secrets.includes(secret.name) ? 0 : 4) +
    (secret?.state === 'current' ? 0 : 1) +
    (known.scheme.direction === reading.request.direction ? 0 : 2) +
    (known.of.platform === input.platform ? 0 : 3) +
    (confidence === 'certain' ? 0 : 100);
  const matches = trials.matches.toSorted((a, b) => cost(a) - cost(b)).slice(0, MOST_MATCHES);
  return { matches, tried: trials.tried, isExhausted };
}

/** How many of the names that a scheme's requests have this one lacks. */
function missingNames(reading: Reading, scheme: Scheme): number {
  const fields = scheme.kind === 'fields' ? [...sourceFields(reading, scheme.rules), ...reading.fields] : [];
  const names = scheme.kind === 'fields' ? fields.map(({ name }) => name) : Object.keys(reading.request.headers);
  return (scheme.expects ?? []).filter((name) => !names.includes(name)).length;
}
