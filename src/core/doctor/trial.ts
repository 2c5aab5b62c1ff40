import type { Words } from '../account-fields.ts';
import {
  computeDigest,
  digestLength,
  digestOfLength,
  encodeText,
  fit,
  fitsRsa,
  isWrittenRight,
  plainName,
  publicKeyIn,
} from './digests.ts';
import type { GivenNotation, GivenSignature } from './digests.ts';
import { CASE_WORDS } from './deviation.ts';
import type { Deviation } from './deviation.ts';
import type { Reading } from './request-reading.ts';
import type { Digest, DoctorSheet, FieldRules, FieldScheme, MessageRules, MessageScheme, Scheme } from './scheme.ts';
import { fieldText, messageText, textOf } from './signed-text.ts';
import type { Piece } from './signed-text.ts';

/** A secret that may have signed. */
export interface DoctorSecret {
  /** Name of the credential, or as it was pasted. */
  readonly name: string;
  readonly label: Words;
  readonly value: string;
  readonly fingerprint: string;
  readonly state: 'current' | 'retired' | 'pasted';
}

/** A platform's sheet with the names that its account has for things. */
export interface PlatformSheet {
  readonly platform: string;
  readonly label: Words;
  readonly sheet: DoctorSheet;
  /** Labels of the credentials, by name. */
  readonly credentials: Readonly<Record<string, Words>>;
}

/** A scheme with the platform that it belongs to. */
export interface Known<S extends Scheme = Scheme> {
  readonly of: PlatformSheet;
  readonly scheme: S;
  /** The listed scheme in whose place an unlisted one is tried. */
  readonly for?: Scheme;
}

export type AnyRules = Partial<FieldRules> & Partial<MessageRules>;
export type AnyDeviation = Deviation<AnyRules>;

/** A scheme with what is done otherwise, ready to be hashed with any secret. */
export interface Candidate {
  readonly known: Known;
  readonly rules: FieldRules | MessageRules;
  readonly deviations: readonly AnyDeviation[];
  /** Left out: the request as it is. */
  readonly reading?: Reading;
}

export interface Match {
  readonly candidate: Candidate;
  readonly secret: DoctorSecret | null;
  readonly deviations: readonly AnyDeviation[];
  readonly pieces: readonly Piece[];
  /** `likely` where only a part of a digest was there to compare. */
  readonly confidence: 'certain' | 'likely';
}

const STAND_IN = '\u0001secret\u0001';

/** Counts and keeps what was tried on one request. */
export class Trials {
  readonly reading: Reading;
  readonly signatures: ReadonlyMap<Scheme, readonly GivenSignature[]>;
  readonly maxTried: number;
  readonly matches: Match[] = [];
  tried = 0;
  readonly #keys = new Map<string, string | undefined>();
  constructor(reading: Reading, signatures: ReadonlyMap<Scheme, readonly GivenSignature[]>, maxTried: number) {
    this.reading = reading;
    this.signatures = signatures;
    this.maxTried = maxTried;
  }

  get isOver(): boolean {
    return this.tried >= this.maxTried;
  }

  /** Hashes a candidate with each secret; `null` is an empty one. True when one fits. */
  test(candidate: Candidate, secrets: readonly (DoctorSecret | null)[]): boolean {
    const given = this.signatures.get(candidate.known.for ?? candidate.known.scheme) ?? [];
    if (given.length === 0) return false;
    const reading = candidate.reading ?? this.reading;
    const text = textMaker(reading, candidate);
    if (text === undefined) return false;
    // Without a secret in it a text says nothing about one, and is tried once.
    const bare = text('');
    if (!dependsOnSecret(candidate.rules.digest, text(STAND_IN))) return this.#hash(candidate, given, bare, null);
    let found = false;
    for (const secret of secrets) {
      if (this.isOver) break;
      found = this.#hash(candidate, given, secret === null ? bare : text(secret.value), secret) || found;
    }
    return found;
  }

  #hash(
    candidate: Candidate,
    given: readonly GivenSignature[],
    pieces: readonly Piece[],
    secret: DoctorSecret | null,
  ): boolean {
    const { rules } = candidate;
    const data = encodeText(textOf(pieces), rules.charset);
    if (rules.digest === 'rsa-sha256') return this.#verifyRsa(candidate, given, pieces, secret, data);
    const key = keyBytes(secret?.value ?? '', 'key' in rules ? rules.key : 'text');
    if (key === undefined) return false;
    const isTwice = 'twice' in rules && rules.twice;
    for (const signature of given) {
      for (const digest of digestsFor(signature, rules.digest)) {
        this.tried += 1;
        const found = fit(signature, computeDigest(digest, data, key, isTwice));
        if (found === undefined) continue;
        const more = lateDeviations(candidate, signature, digest, found);
        this.#note(candidate, secret, pieces, more, found.cut ? 'likely' : 'certain');
        return true;
      }
    }
    return false;
  }

  #verifyRsa(
    candidate: Candidate,
    given: readonly GivenSignature[],
    pieces: readonly Piece[],
    secret: DoctorSecret | null,
    data: Uint8Array,
  ): boolean {
    if (secret === null) return false;
    const key = this.#publicKey(secret.value);
    if (key === undefined) return false;
    for (const signature of given) {
      this.tried += 1;
      if (!fitsRsa(signature, key, data)) continue;
      this.#note(candidate, secret, pieces, [], 'certain');
      return true;
    }
    return false;
  }

  #publicKey(text: string): string | undefined {
    if (!this.#keys.has(text)) this.#keys.set(text, publicKeyIn(text));
    return this.#keys.get(text);
  }

  #note(
    candidate: Candidate,
    secret: DoctorSecret | null,
    pieces: readonly Piece[],
    more: readonly AnyDeviation[],
    confidence: Match['confidence'],
  ): void {
    this.matches.push({ candidate, secret, pieces, confidence, deviations: [...candidate.deviations, ...more] });
  }
}

function textMaker(reading: Reading, { known, rules }: Candidate): ((secret: string) => readonly Piece[]) | undefined {
  return known.scheme.kind === 'fields'
    ? fieldText(reading, rules as FieldRules)
    : messageText(reading, rules as MessageRules);
}

const dependsOnSecret = (digest: Digest, pieces: readonly Piece[]): boolean =>
  digest.startsWith('hmac-') || digest === 'rsa-sha256' || pieces.some(({ kind }) => kind === 'secret');

function keyBytes(secret: string, reading: MessageRules['key']): Uint8Array | undefined {
  if (reading === 'text') return Buffer.from(secret);
  if (reading === 'hex') return /^(?:[\da-f]{2})+$/iu.test(secret) ? Buffer.from(secret, 'hex') : undefined;
  const base64 = /^(?:[a-z]{2,8}_)?([A-Za-z\d+/]+={0,2})$/u.exec(secret)?.[1];
  if (reading === 'base64') return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
  return /^[a-z]{2,8}_/u.test(secret) && base64 !== undefined ? Buffer.from(base64, 'base64') : Buffer.from(secret);
}

/** The scheme's digest where the signature is as long; else its sibling of that length; else its own, for one that is cut. */
function digestsFor(signature: GivenSignature, digest: Digest): readonly Digest[] {
  const lengths = [...new Set(signature.readings.map(({ bytes }) => bytes.length))];
  if (lengths.includes(digestLength(digest))) return [digest];
  const siblings = lengths.map((length) => digestOfLength(digest, length)).filter((sibling) => sibling !== undefined);
  return siblings.length > 0 ? siblings : [digest];
}

function lateDeviations(
  { known: { scheme } }: Candidate,
  signature: GivenSignature,
  digest: Digest,
  found: { readonly notation: GivenNotation; readonly cut: boolean },
): readonly AnyDeviation[] {
  const more: AnyDeviation[] = [];
  if (digestLength(digest) !== digestLength(scheme.rules.digest)) {
    const name = plainName(digestLength(digest)) ?? digest;
    more.push({
      code: `digest.${name.toLowerCase()}`,
      words: { en: `the digest is ${name}`, zh: `摘要算法为 ${name}` },
      change: {},
    });
  }
  if (found.cut) more.push({ code: 'signature.cut', words: CASE_WORDS.cut, change: {} });
  if (!isWrittenRight(found.notation, scheme.rules.notation)) {
    const put = (text: string): string =>
      text.replace('{given}', found.notation).replace('{wanted}', scheme.rules.notation);
    const words = { en: put(CASE_WORDS.notation.en), zh: put(CASE_WORDS.notation.zh) };
    more.push({ code: `notation.${found.notation.replaceAll('-', '_')}`, words, change: {} });
  }
  if (signature.clean !== signature.text) more.push({ code: 'signature.blanks', words: CASE_WORDS.blanks, change: {} });
  return more;
}

/** The text that a candidate would hash, with a stand-in for the secret; tells whether two candidates differ. */
export function probe(reading: Reading, candidate: Candidate): string | undefined {
  const maker = textMaker(candidate.reading ?? reading, candidate);
  if (maker === undefined) return undefined;
  const text = textOf(maker(STAND_IN));
  const { digest, charset } = candidate.rules;
  const twice = 'twice' in candidate.rules && candidate.rules.twice;
  const key = 'key' in candidate.rules ? candidate.rules.key : '';
  // oxlint-disable-next-line no-control-regex -- beyond ASCII is what is asked
  const encoding = /^[\x00-\x7f]*$/u.test(text) ? '' : charset;
  return `${digest} ${twice} ${encoding} ${key} ${text}`;
}

export const isFieldScheme = (known: Known): known is Known<FieldScheme> => known.scheme.kind === 'fields';
export const isMessageScheme = (known: Known): known is Known<MessageScheme> => known.scheme.kind === 'message';
