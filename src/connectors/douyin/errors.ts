import type { PlatformRefusal } from '../../core/outgoing.ts';

type Meaning = Pick<PlatformRefusal, 'class' | 'kind'> | 'unknown';

const RATE = { class: 'retry', kind: 'rate' } as const;
const TOKEN = { class: 'alert', kind: 'token' } as const;
const DUPLICATE = { class: 'final', kind: 'duplicate' } as const;
const ALERT = { class: 'alert' } as const;
const FINAL = { class: 'final' } as const;
const RETRY = { class: 'retry' } as const;

/** `err_no` of guaranteed payment (sheet, 1.7). 1000 is an outcome that nobody knows, and no refusal. */
export const ECPAY_ERRORS: Readonly<Record<string, Meaning>> = {
  '1000': 'unknown',
  '1001': RATE,
  '2000': FINAL, // no such payment
  '2008': ALERT, // signature
  '2010': FINAL, // parameter
  '2020': ALERT, // app_id
  '2042': ALERT, // app_id
  '2047': ALERT, // thirdparty_id
  '2048': ALERT, // provider not authorised
  '2102': FINAL, // length of a number
  '3101': FINAL, // no such refund
  '4000': ALERT, // merchant of another
  '4408': FINAL, // no such split
};

/** `err_code` of the order centre (sheet, 5). */
export const PUSH_ERRORS: Readonly<Record<string, Meaning>> = {
  '-1': RETRY,
  '40002': TOKEN,
  '40003': FINAL, // openid
  '40004': TOKEN,
  '40012': FINAL, // openid of another app
  '40014': TOKEN,
  '40016': FINAL, // appname
  '40031': FINAL, // openid of another app
};

/** `err_no` of the trade system: of its gateway, as its token page has them; its own tables were not reachable. */
export const TRADE_ERRORS: Readonly<Record<string, Meaning>> = {
  '28001003': TOKEN,
  '28001008': TOKEN,
  '28001014': ALERT, // client_key
  '28001018': ALERT, // no right to call
  '28001005': 'unknown', // system
  '28001006': 'unknown', // network
  '28001007': FINAL, // parameter
};

const TOKEN_WORDS = /access.?token|凭证.{0,6}(?:无效|过期)/iu;
const ALERT_WORDS = /sign|permission|unauthori|forbidden|签名|验签|权限|授权/iu;
const RATE_WORDS = /limit|frequen|too many|频繁|限流/iu;
const RETRY_WORDS = /system|time.?out|busy|internal|系统|超时|繁忙|稍后/iu;
const DUPLICATE_WORDS = /duplicate|already.{0,3}exist|repeat|重复|已存在/iu;

/**
 * What an error asks for. A repeated number is told by the words of a parameter error: taken for a plain one, money that
 * is on its way would be given back once more under a new number. Of numbers that no public list has, the words decide; what they do not tell is
 * final.
 */
export function meaningOf(table: Readonly<Record<string, Meaning>>, code: string, message: string): Meaning {
  const known = Object.hasOwn(table, code) ? table[code] : undefined;
  if (known === FINAL && DUPLICATE_WORDS.test(message)) return DUPLICATE;
  if (known !== undefined) return known;
  if (TOKEN_WORDS.test(message)) return TOKEN;
  if (ALERT_WORDS.test(message)) return ALERT;
  if (RATE_WORDS.test(message)) return RATE;
  if (RETRY_WORDS.test(message)) return RETRY;
  return DUPLICATE_WORDS.test(message) ? DUPLICATE : FINAL;
}
