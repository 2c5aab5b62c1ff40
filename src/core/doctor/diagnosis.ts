import type { Words } from '../account-fields.ts';
import { findingsOf } from './findings.ts';
import type { Finding } from './finding.ts';
import { search } from './search.ts';
import type { SearchInput } from './search.ts';
import type { DoctorSheet, FieldRules } from './scheme.ts';
import { itemsOf } from './signed-text.ts';
import type { Item, Piece } from './signed-text.ts';
import { isFieldScheme } from './trial.ts';
import type { AnyDeviation, DoctorSecret, Known, Match, PlatformSheet } from './trial.ts';

/** What the doctor found. No secret is in it: the one in `hashed` is `***`, and so is any other that was tried. */
export interface Diagnosis {
  readonly matches: readonly MatchJson[];
  /** Where nothing matches, what is nearest; of a request of ours that does, what else it may be refused for. */
  readonly nearMisses: readonly NearMissJson[];
  /** How many signatures were computed. */
  readonly tried: number;
  /** Everything was tried that the doctor knows to try; false where its time was up. */
  readonly exhausted: boolean;
  readonly advice: Words;
}

export interface MatchJson {
  readonly confidence: Match['confidence'];
  readonly scheme: { readonly platform: string; readonly code: string; readonly label: Words };
  /** null: no secret was needed. */
  readonly secret: {
    readonly name: string;
    readonly fingerprint: string;
    readonly state: DoctorSecret['state'];
  } | null;
  readonly deviations: readonly { readonly code: string; readonly field: string | null }[];
  readonly text: Words;
  readonly hashed: string;
}

export interface NearMissJson {
  readonly code: string;
  readonly field: string | null;
  readonly scheme: { readonly platform: string; readonly code: string };
  readonly text: Words;
}

export interface DiagnosisInput extends SearchInput {
  readonly nowMs: number;
  /** Values of fields are not shown: they may be personal data that the asker may not see. */
  readonly hideValues: boolean;
  /** The connector refuses the request all the same, such as for a setting. */
  readonly isRefused?: boolean;
}

/** Credentials that requests carry in clear, such as an app id. */
export const openCredentials = ({ schemes }: DoctorSheet): ReadonlySet<string> =>
  new Set(schemes.flatMap(({ identity = [] }) => identity.map(({ credential }) => credential)));

const MOST_NEAR_MISSES = 6;
const MOST_SHOWN = 20_000;

/** The search with its answer in words. Yields as `search` does; `isTimeUp` ends it with what was found by then. */
export function* diagnose(input: DiagnosisInput, isTimeUp: () => boolean): Generator<void, Diagnosis> {
  const { matches: found, tried, isExhausted } = yield* search(input, isTimeUp);
  const matches = found.map((match) => matchJson(match, input));
  const [best] = found;
  const nearMisses = best === undefined ? nearMissesOf(input) : besidesOf(best, input);
  return { matches, nearMisses, tried, exhausted: isExhausted, advice: adviceOf(matches, nearMisses, tried, input) };
}

function matchJson(match: Match, input: DiagnosisInput): MatchJson {
  const { candidate, secret, confidence, pieces } = match;
  const { of, scheme } = candidate.known;
  const described = match.deviations.map((deviation) => describe(deviation, match, input));
  return {
    confidence,
    scheme: { platform: scheme.code === 'unlisted' ? '' : of.platform, code: scheme.code, label: scheme.label },
    secret: secret === null ? null : { name: secret.name, fingerprint: secret.fingerprint, state: secret.state },
    deviations: described.flatMap(({ code, fields }): MatchJson['deviations'] =>
      fields.length === 0 ? [{ code, field: null }] : fields.map((field) => ({ code, field })),
    ),
    text: matchText(
      match,
      described.map(({ words }) => words),
      input,
    ),
    hashed: shown(pieces, input),
  };
}

interface Described {
  readonly code: string;
  readonly fields: readonly string[];
  readonly words: Words;
}

/** A deviation with the fields that it changed in this request. */
function describe(deviation: AnyDeviation, match: Match, input: DiagnosisInput): Described {
  const { code, field, words } = deviation;
  const changed = field === undefined ? changedItems(deviation, match, input) : [];
  const fields = field === undefined ? changed.map(({ name }) => name) : [field];
  const names = fields.slice(0, 3).map((name) => `\`${name}\``);
  const more = fields.length > 3 ? ' …' : '';
  const [first] = changed;
  const text = first?.text === undefined ? '…' : brief(first.text, input);
  const put = (template: string, joint: string, none: string): string =>
    template
      .replaceAll('{field}', names.length === 0 ? none : names.join(joint) + more)
      .replaceAll('{text}', `\`${text}\``);
  return {
    code,
    fields: fields.length <= 3 ? fields : [],
    words: { en: put(words.en, ', ', 'a value'), zh: put(words.zh, '、', '某个值') },
  };
}

/** The fields that a deviation makes read otherwise than the scheme has them. */
function changedItems(
  deviation: AnyDeviation,
  { candidate: { known } }: Match,
  { reading }: DiagnosisInput,
): readonly { readonly name: string; readonly text: string | undefined }[] {
  if (!isFieldScheme(known)) return [];
  const before = itemsOf(reading, known.scheme.rules);
  const after = itemsOf(reading, { ...known.scheme.rules, ...(deviation.change as Partial<FieldRules>) });
  const textIn = (items: readonly Item[], name: string): string | undefined =>
    items.find((item) => item.name === name)?.text;
  return [...new Set([...before, ...after].map(({ name }) => name))]
    .filter((name) => textIn(before, name) !== textIn(after, name))
    .map((name) => ({ name, text: textIn(after, name) }));
}

function brief(text: string, input: DiagnosisInput): string {
  if (input.hideValues) return '…';
  const masked = mask(text, input);
  return masked.length > 80 ? `${masked.slice(0, 79)}…` : masked;
}

function matchText({ secret, candidate, deviations }: Match, words: readonly Words[], input: DiagnosisInput): Words {
  const { known } = candidate;
  const { of, scheme } = known;
  const isAsIs = deviations.length === 0;
  const isOwnScheme =
    scheme.direction === input.reading.request.direction && (input.platform === null || of.platform === input.platform);
  const isRightSecret = secret !== null && scheme.secrets.includes(secret.name);
  const label = { en: secretWords(secret, 'en'), zh: secretWords(secret, 'zh') };
  const wanted = scheme.secrets[0];
  const wantedLabel = wanted === undefined ? undefined : of.credentials[wanted];
  const instead =
    isRightSecret || secret === null || secret.state === 'pasted' || wantedLabel === undefined
      ? { en: '', zh: '' }
      : { en: `, not the ${lower(wantedLabel.en)}`, zh: `，而不是${wantedLabel.zh}` };
  const isVerified = isAsIs && isOwnScheme && isRightSecret && secret.state !== 'retired' && input.isRefused !== true;
  const start = isVerified
    ? { en: 'This verifies as it is, with', zh: '按原样即可通过验签，所用密钥：' }
    : { en: 'This matches', zh: '签名相符的是' };
  const when = {
    en: isAsIs ? '' : ` when ${words.map((one) => one.en).join(', and ')}`,
    zh: isAsIs ? '' : `，条件：${words.map((one) => one.zh).join('；')}`,
  };
  const inScheme =
    isOwnScheme && isAsIs && input.platform !== null && countOf(input, of) < 2
      ? { en: '', zh: '' }
      : { en: ` (${of.label.en}: ${scheme.label.en})`, zh: `（${of.label.zh}：${scheme.label.zh}）` };
  return {
    en: `${start.en} ${label.en}${instead.en}${when.en}${inScheme.en}.`,
    zh: `${start.zh}${label.zh}${instead.zh}${when.zh}${inScheme.zh}。`,
  };
}

const countOf = ({ reading }: DiagnosisInput, { sheet }: PlatformSheet): number =>
  sheet.schemes.filter(({ direction }) => direction === reading.request.direction).length;

function secretWords(secret: DoctorSecret | null, language: keyof Words): string {
  if (secret === null) return language === 'en' ? 'without any secret' : '不含任何密钥的文本';
  const name = language === 'en' ? lower(secret.label.en) : secret.label.zh;
  switch (secret.state) {
    case 'pasted':
      return language === 'en' ? `the pasted secret "${secret.name}"` : `粘贴的密钥“${secret.name}”`;
    case 'retired':
      return language === 'en'
        ? `an old value of your ${name} (${secret.fingerprint}) that is no longer valid`
        : `您的${name}的一个已失效旧值（${secret.fingerprint}）`;
    case 'current':
      return language === 'en' ? `your ${name}` : `您的${name}`;
  }
}

/** The first letter small, unless the word is an abbreviation. */
const lower = (label: string): string =>
  /^[A-Z][^A-Z]/u.test(label) ? label.slice(0, 1).toLowerCase() + label.slice(1) : label;

/** The text that was hashed, without secrets. */
function shown(pieces: readonly Piece[], input: DiagnosisInput): string {
  const text = pieces.map((piece) => shownPiece(piece, input)).join('');
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function shownPiece(piece: Piece, input: DiagnosisInput): string {
  if (piece.shown !== undefined) return piece.shown.map((inner) => shownPiece(inner, input)).join('');
  if (piece.kind === 'secret') return '***';
  if (piece.kind === 'value' && input.hideValues) return `‹${piece.from ?? ''}›`;
  return mask(piece.text, input);
}

/** Below this length a secret is a word that may stand anywhere, and hiding it would make texts unreadable. */
const LEAST_MASKED = 6;

function mask(text: string, { secrets, plainCredentials }: DiagnosisInput): string {
  const open = new Set(Object.values(plainCredentials));
  return secrets
    .map(({ value }) => value.trim())
    .filter((value) => value.length >= LEAST_MASKED && !open.has(value))
    .reduce((masked, value) => masked.replaceAll(value, '***'), text);
}

function nearMissesOf(input: DiagnosisInput): readonly NearMissJson[] {
  const known = likeliest(input);
  if (known === undefined) return [];
  const { signature } = input;
  const findings = findingsOf({ ...input, scheme: known.scheme, ...(signature === undefined ? {} : { signature }) });
  return findings.slice(0, MOST_NEAR_MISSES).map((found) => nearMiss(found, known));
}

/**
 * What a platform may refuse a request of ours for although its signature is right: such a request is asked about because
 * it was refused. Of callbacks the hub's own verdict says it.
 */
function besidesOf({ candidate: { known }, deviations }: Match, input: DiagnosisInput): readonly NearMissJson[] {
  const { scheme } = known;
  const isRight = deviations.length === 0 && scheme.direction === 'out' && input.reading.request.direction === 'out';
  if (!isRight || scheme.code === 'unlisted') return [];
  const unsigned = scheme.kind === 'fields' ? scheme.rules.except : [];
  return findingsOf({ ...input, scheme })
    .filter(({ code, field }) => BESIDES.has(code) || (code === 'field.missing' && unsigned.includes(field ?? '')))
    .map((found) => nearMiss(found, known));
}

const BESIDES: ReadonlySet<string> = new Set([
  ...['body.form', 'body.json', 'body.json_in_text', 'body.percent_json', 'body.bom', 'body.type', 'body.length'],
  ...['body.digest', 'body.digest_hex', 'field.other_account', 'field.twice', 'header.missing'],
  ...['time.old', 'time.unit', 'time.unreadable'],
]);

function butAlso({ en, zh }: Words, nearMisses: readonly NearMissJson[]): Words {
  return {
    en: `${en} The platform may refuse it all the same: ${nearMisses.map(({ text }) => text.en).join('; ')}.`,
    zh: `${zh}平台仍可能拒绝：${nearMisses.map(({ text }) => text.zh).join('；')}。`,
  };
}

const nearMiss = ({ code, field, words }: Finding, { of, scheme }: Known): NearMissJson => ({
  code,
  field: field ?? null,
  scheme: { platform: of.platform, code: scheme.code },
  text: words,
});

/** The scheme of the platform with the fewest things against it. */
function likeliest(input: DiagnosisInput): Known | undefined {
  const { direction } = input.reading.request;
  const all = input.sheets
    .filter(({ platform }) => input.platform === null || platform === input.platform)
    .flatMap((of) =>
      of.sheet.schemes.filter((scheme) => scheme.direction === direction).map((scheme) => ({ of, scheme })),
    );
  const against = ({ scheme }: Known): number =>
    findingsOf({ ...input, scheme }).reduce((sum, { weight }) => sum + weight, 0);
  return all.map((known) => ({ known, sum: against(known) })).sort((a, b) => a.sum - b.sum)[0]?.known;
}

function adviceOf(
  matches: readonly MatchJson[],
  nearMisses: readonly NearMissJson[],
  tried: number,
  input: DiagnosisInput,
): Words {
  const [best] = matches;
  if (best !== undefined) return nearMisses.length === 0 ? best.text : butAlso(best.text, nearMisses);
  const unsigned = input.sheets.find(({ platform }) => platform === input.platform)?.sheet.unsigned;
  const note = unsigned?.[input.reading.request.direction];
  if (note !== undefined) return note;
  const [nearest] = nearMisses;
  const count = { en: `No scheme matches (${tried} tried)`, zh: `没有相符的签名方式（已尝试 ${tried} 种）` };
  if (nearest === undefined) {
    return {
      en: `${count.en}, and the request has the right form. The likeliest reason is the secret: copy it again from the console, and make sure that it belongs to this account and environment. The next is a body that was changed after it was signed: take its bytes before any framework reads them.`,
      zh: `${count.zh}，请求格式本身没有问题。最可能是密钥不对：请从控制台重新复制，并确认属于该账号和环境。其次是签名后内容被改动：请在框架解析之前取原始字节。`,
    };
  }
  return {
    en: `${count.en}; the nearest differs in this: ${nearest.text.en}.`,
    zh: `${count.zh}；最接近的方式与之不同在于：${nearest.text.zh}。`,
  };
}
