import type { PlatformRefusal } from '../../core/outgoing.ts';

export type ErrorRow = Pick<PlatformRefusal, 'class' | 'kind'> & { readonly meaning: string };

const row = (refusalClass: ErrorRow['class'], meaning: string, kind?: NonNullable<ErrorRow['kind']>): ErrorRow => ({
  class: refusalClass,
  meaning,
  ...(kind === undefined ? {} : { kind }),
});

/**
 * Error codes of both generations (sheet, 5). What each asks for is ours: `retry` later; `alert`: credentials or rights,
 * a person must look; `final`: never in this form. The kind says what the hub can do about it; of a duplicate it looks
 * the order up and creates none. A code that is not here is final, and its text is never read.
 */
export const ERROR_CODES: Readonly<Record<string, ErrorRow>> = {
  '400': row('final', 'bad request'),
  '404': row('final', 'not found'),
  '10001': row('final', 'the parameters do not fit'),
  '10008': row('alert', 'Appid or AppSecret is missing'),
  '10009': row('alert', 'the merchant has expired'),
  '10010': row('alert', 'the merchant is not verified'),
  '10013': row('alert', 'AppSecret is wrong'),
  '10014': row('alert', 'Appid is wrong'),
  '10023': row('final', 'pick-up codes are switched off'),
  '10025': row('final', 'the pick-up code was used'),
  '30001': row('final', 'no machine is linked'),
  '30002': row('retry', 'the machine is offline', 'offline'),
  '30003': row('final', 'there is no such machine'),
  '30004': row('final', 'the machine is not operating', 'offline'),
  '40005': row('final', 'the order has expired'),
  '40006': row('final', 'the order status does not allow it'),
  '60002': row('final', 'the product is off the shelf', 'sold_out'),
  '60003': row('final', 'the stock is too low', 'sold_out'),
  '80002': row('final', 'there is no such record'),

  '1000': row('alert', 'not authorised'),
  '4000': row('alert', 'Appid is missing'),
  '4001': row('alert', 'Appid is wrong'),
  '4002': row('alert', 'the application is not supported'),
  '4003': row('final', 'the parameters do not fit'),
  '4004': row('final', 'there is no such record'),
  '4006': row('alert', 'the payload signature is wrong'),
  '4008': row('retry', 'the machine is offline', 'offline'),
  '4009': row('alert', 'AppSecret is wrong'),
  '5001': row('final', 'the machine is being transferred', 'offline'),
  '6017': row('alert', 'the merchant has expired'),
  '6018': row('alert', 'the merchant is not verified'),
  '6025': row('retry', 'the machine is offline', 'offline'),
  '6026': row('final', 'there is no such machine'),
  '6031': row('final', 'pick-up codes are switched off'),
  '6033': row('final', 'the pick-up code was used'),
  '6034': row('final', 'the order was dispensed already'),
  '6040': row('final', 'the trade id exists', 'duplicate'),
  '6041': row('final', 'the trade id is empty'),
  '6042': row('final', 'the order has expired'),
  '6043': row('final', 'the order status does not allow it'),
  '6045': row('final', 'there is no such product'),
  '6046': row('final', 'the product is off the shelf', 'sold_out'),
  '6047': row('final', 'the stock is too low', 'sold_out'),
  '6048': row('final', 'the order could not be created'),
  '6049': row('final', 'the order is paid already'),
  '6054': row('final', 'the order is not paid'),
  '6056': row('final', 'the product is not for sale', 'sold_out'),
};

/** Codes that mean the same in the two generations, paired by their texts; a question mark in the sheet is no pair here. */
export const CODE_PAIRS: readonly (readonly [fiveDigits: string, fourDigits: readonly string[]])[] = [
  ['10001', ['4003']],
  ['10008', ['4000']],
  ['10009', ['6017']],
  ['10010', ['6018']],
  ['10013', ['4009']],
  ['10014', ['4001']],
  ['10023', ['6031']],
  ['10025', ['6033']],
  ['30002', ['4008', '6025']],
  ['30003', ['6026']],
  ['40005', ['6042']],
  ['40006', ['6043']],
  ['60002', ['6046']],
  ['60003', ['6047']],
  ['80002', ['4004']],
  ['404', ['4004']],
];

const sameAs = (code: string): ReadonlySet<string> =>
  new Set([code, ...CODE_PAIRS.filter(([five]) => five === code).flatMap(([, fours]) => fours)]);

/** There is no such record, in both generations. */
export const ABSENT_CODES = sameAs('80002');
/** Its 20 minutes are over, or it was closed. */
export const EXPIRED_CODES = sameAs('40005');
/** The order is in a state in which this cannot be done; which one, only a query tells. */
export const STATE_CODES = sameAs('40006');
export const PAID_CODES: ReadonlySet<string> = new Set(['6049']);
export const DISPENSED_CODES: ReadonlySet<string> = new Set(['6034']);
