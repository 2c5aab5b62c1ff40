import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { ask } from './doctor.ts';
import type { Question } from './doctor.ts';

/** A request whose signature is one of the sheets' vectors, or made in the test by hand, and how the doctor must name it. */
export interface Case {
  readonly name: string;
  readonly question: Question;
  /** Codes of the deviations of the best match; none: it verifies as it is. */
  readonly codes: readonly string[];
  readonly scheme: string;
  readonly secret?: string | null;
  /** Codes of what is wrong beside the signature; left out: nothing. */
  readonly besides?: readonly string[];
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
export const upperMd5 = (text: string): string => md5(text).toUpperCase();
export const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
export const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

/** Names of an account that requests carry in clear. */
const PUBLIC = new Set([
  'tt0000000000000001',
  'HUBAPP01',
  'HUBKEY0001',
  '100999',
  'demo-app-01',
  'scaapp',
  'demoappkey',
  'ds0001',
]);

/** Holds the doctor to what it must say of each request, in both languages and without a secret in it. */
export function nameCases(cases: readonly Case[]): void {
  describe('every vector of the sheet is named, wrong forms too', () => {
    for (const one of cases) test(one.name, () => nameCase(one));
  });
}

function nameCase({ name, question, codes, scheme, secret, besides = [] }: Case): void {
  const { matches, nearMisses, advice } = ask(question);
  const [best] = matches;
  assert.ok(best !== undefined, JSON.stringify(nearMisses));
  assert.deepEqual(
    {
      scheme: best.scheme.code,
      secret: best.secret?.name ?? null,
      codes: [...new Set(best.deviations.map(({ code }) => code))],
    },
    { scheme, secret: codes.includes('no_secret') ? null : (secret ?? null), codes },
  );
  assert.equal(best.confidence, 'certain');
  const isRightSecret = best.secret !== null && !/ with the (?:API secret|app secret|salt)$/u.test(name);
  const isRight = codes.length === 0 && isRightSecret;
  assert.equal(best.text.en.startsWith('This verifies as it is'), isRight, best.text.en);
  assert.equal(best.text.zh.startsWith('按原样即可通过验签'), isRight, best.text.zh);
  // A name or two may be English, a sentence may not.
  assert.doesNotMatch(best.text.zh, /[A-Za-z]+(?: [A-Za-z]+){3}/u);
  assert.doesNotMatch(best.text.en, /\p{Script=Han}/u);
  assert.deepEqual(
    nearMisses.map(({ code }) => code),
    besides,
  );
  for (const value of Object.values(question.account ?? {}).flat()) {
    // A secret of a few letters is no word to be hidden.
    if (PUBLIC.has(value) || value.length < 6) continue;
    const said = JSON.stringify([best.text, best.hashed, advice, nearMisses]);
    assert.ok(!said.includes(value), said);
  }
}
