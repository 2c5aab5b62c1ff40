import type { Reading } from './request-reading.ts';
import type { FieldRules, FieldScheme } from './scheme.ts';
import { itemsOf, sourceFields } from './signed-text.ts';
import type { AnyDeviation } from './trial.ts';

/** 2^10 subsets are gone through in some 10 ms; messages that sign part of their fields have seven. */
const MOST_FIELDS = 10;

/**
 * Some of the fields alone: signers that join a list of their own, or put quotes around some texts and not around others.
 * All subsets are tried of requests with few fields.
 */
export function* subsetDeviations(reading: Reading, scheme: FieldScheme): Generator<AnyDeviation> {
  yield* someQuoted(reading, scheme.rules);
  yield* someSigned(reading, scheme.rules);
}

function* someQuoted(reading: Reading, rules: FieldRules): Generator<AnyDeviation> {
  const texts = sourceFields(reading, rules).filter(({ value }) => typeof value === 'string');
  const signed = new Set(itemsOf(reading, rules).map(({ name }) => name));
  const names = texts.map(({ name }) => name).filter((name) => signed.has(name));
  const isQuoted = rules.strings !== 'plain';
  for (const some of subsets(names, 1, names.length - 1)) {
    const list = some.map((name) => `\`${name}\``);
    yield isQuoted
      ? {
          code: 'strings.some_plain',
          words: {
            en: `${list.join(', ')} ${some.length > 1 ? 'are' : 'is'} signed without JSON quotes, the other texts in them`,
            zh: `${list.join('、')} 未带 JSON 双引号参与签名，其余文本带双引号`,
          },
          change: { unquoted: some },
        }
      : {
          code: 'strings.some_quoted',
          words: {
            en: `${list.join(', ')} ${some.length > 1 ? 'are' : 'is'} signed in JSON quotes, the other texts without`,
            zh: `${list.join('、')} 带 JSON 双引号参与签名，其余文本不带`,
          },
          change: { strings: 'json', unquoted: names.filter((name) => !some.includes(name)) },
        };
  }
}

function* someSigned(reading: Reading, rules: FieldRules): Generator<AnyDeviation> {
  const names = [...new Set(itemsOf(reading, rules).map(({ name }) => name))];
  for (const some of subsets(names, 1, names.length - 2)) {
    const list = some.map((name) => `\`${name}\``);
    // One or two fields less are told as what they are, by pairs of deviations.
    if (some.length < names.length - 2) {
      yield {
        code: 'fields.some',
        words: { en: `only ${list.join(', ')} are signed`, zh: `只有 ${list.join('、')} 参与签名` },
        change: { only: some },
      };
    }
    for (const order of ['bytes', 'given'] as const) {
      yield {
        code: 'fields.some_values',
        words: {
          en: `only the values of ${list.join(', ')} are joined${order === 'given' ? ', in the order in which they were sent' : ''}`,
          zh: `只拼接了 ${list.join('、')} 的值${order === 'given' ? '（按发送顺序）' : ''}`,
        },
        change: { only: some, pair: 'value', sortBy: 'name', order },
      };
    }
  }
}

function* subsets(names: readonly string[], least: number, most: number): Generator<readonly string[]> {
  if (names.length > MOST_FIELDS) return;
  for (let bits = 1; bits < 2 ** names.length; bits += 1) {
    const some = names.filter((_, index) => (bits & (1 << index)) !== 0);
    if (some.length >= least && some.length <= most) yield some;
  }
}
