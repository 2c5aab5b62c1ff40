import type { Json, JsonObject } from './json.ts';
import type { OrderJson } from './order-json.ts';
import { toBeijingText } from './time.ts';
import type { TimeMs } from './time.ts';

const HOURS = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/u;

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const isTexts = (value: Json): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string');

/** What is wrong with a setting `autoAccept` (see `AUTO_ACCEPT`), in words; `undefined`: nothing. */
export function autoAcceptFault(value: Json): string | undefined {
  if (typeof value === 'boolean') return undefined;
  if (!isObject(value)) return 'must be true, false or an object with stores and hours';
  const stranger = Object.keys(value).find((name) => name !== 'stores' && name !== 'hours');
  if (stranger !== undefined) return `must not hold ${stranger}; it takes stores and hours`;
  const { stores, hours } = value;
  if (stores !== undefined && !isTexts(stores)) return 'must name its stores in a list of texts';
  if (hours !== undefined && !(isTexts(hours) && hours.every((span) => HOURS.test(span))))
    return 'must list its hours as 09:00-22:00';
  return undefined;
}

/** Whether the setting lets an order be accepted by itself at this time. What it does not understand accepts nothing. */
export function autoAccepts(setting: Json | undefined, order: Pick<OrderJson, 'store'>, at: TimeMs): boolean {
  if (setting === undefined || setting === false || autoAcceptFault(setting) !== undefined) return false;
  if (!isObject(setting)) return true;
  const { stores, hours } = setting as { readonly stores?: readonly string[]; readonly hours?: readonly string[] };
  if (stores !== undefined && (order.store === null || !stores.includes(order.store))) return false;
  return hours === undefined || hours.some((span) => isWithin(span, toBeijingText(at).slice(11, 16)));
}

/** The end does not count, so 24:00 can be one; a span may go over midnight, and one that ends where it begins is the whole day. */
function isWithin(span: string, time: string): boolean {
  const [from = '', to = ''] = span.split('-');
  return from < to ? from <= time && time < to : from <= time || time < to;
}
