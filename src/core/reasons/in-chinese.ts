import { CALL_PHRASES, FIELD_PHRASES, INTAKE_PHRASES } from './phrases.ts';
import type { Phrase } from './phrases.ts';
import { PARAM_PHRASES, PLATFORM_PHRASES } from './platform-phrases.ts';

interface Template {
  readonly pattern: RegExp;
  readonly chinese: string;
}

/** No list of names and no value that a reason quotes is longer. */
const MOST = 1000;

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/gu, String.raw`\$&`);
const templates = (phrases: readonly Phrase[]): readonly Template[] =>
  // What says more of itself comes first: `status {} is not known` fits what another phrase says better.
  [...phrases]
    .sort(([one], [other]) => other.length - one.length)
    .map(([english, chinese]) => ({
      pattern: new RegExp(`^${english.split('{}').map(escaped).join('(.+?)')}$`, 'su'),
      chinese,
    }));

const SENTENCES = templates([...INTAKE_PHRASES, ...CALL_PHRASES, ...PLATFORM_PHRASES]);
const OF_FIELDS = templates([...FIELD_PHRASES, ...PARAM_PHRASES]);
/** A coded reason, such as `wrong_signature: …` or `10001: …`. */
const CODED = /^(?<code>[\w.-]{1,64}): (?<rest>.+)$/su;
/** Of how many words the name of a field is at most: `type 17 with refundType "x"`, or several names with `or` between. */
const NAME_WORDS = 8;
const TAIL = /^(?<rest>.+?)(?<tail> \(X-Tt-Logid [\w-]+\))$/su;

/**
 * A reason of the hub's own, as a Chinese reader is told it; undefined for what is not the hub's own, such as the words
 * of a platform or of a person.
 */
export function reasonInChinese(reason: string): string | undefined {
  if (reason.length > MOST) return undefined;
  const whole = said(SENTENCES, reason);
  if (whole !== undefined) return whole;
  const tailed = TAIL.exec(reason)?.groups;
  if (tailed !== undefined) {
    const rest = reasonInChinese(tailed['rest'] ?? '');
    return rest === undefined ? undefined : `${rest}${tailed['tail'] ?? ''}`;
  }
  const coded = CODED.exec(reason)?.groups;
  if (coded !== undefined) {
    const rest = reasonInChinese(coded['rest'] ?? '');
    return rest === undefined ? undefined : `${coded['code'] ?? ''}：${rest}`;
  }
  return saidOfField(reason);
}

/** What is wrong with a field, its name in front; where an error names the field beside it, without. */
function saidOfField(text: string): string | undefined {
  for (
    let at = text.indexOf(' '), words = 1;
    at > 0 && words <= NAME_WORDS;
    at = text.indexOf(' ', at + 1), words += 1
  ) {
    const wrong = said(OF_FIELDS, text.slice(at + 1));
    if (wrong !== undefined) return `${text.slice(0, at).replaceAll(' or ', ' 或 ')} ${wrong}`;
  }
  return said(OF_FIELDS, text);
}

function said(among: readonly Template[], text: string): string | undefined {
  for (const { pattern, chinese } of among) {
    const found = pattern.exec(text);
    if (found === null) continue;
    return chinese.replaceAll(/\{(\d)\}/gu, (_, place: string) => inner(found[Number(place)] ?? ''));
  }
  return undefined;
}

/** What stands inside a reason: another reason, a list of names, or something that stays as it is. */
const inner = (text: string): string =>
  reasonInChinese(text) ?? text.replaceAll(' and ', ' 和 ').replaceAll(', ', '、');
