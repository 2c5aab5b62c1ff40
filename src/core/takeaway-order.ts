import type { Alias, Fact, Report } from './fact.ts';
import type { JsonReader } from './json-reader.ts';
import { maskNote } from './mask.ts';
import { topicLine } from './registers.ts';
import type { CustomerValue } from './registers.ts';
import { topicFacts, wholeFacts } from './saying.ts';
import type { Telling } from './saying.ts';

/**
 * The store that a message beside the order names, such as a step of its delivery. Without a time, so that it never
 * replaces what the order itself says: that has the store's name too.
 */
const storeBeside = (ref: string | undefined): readonly Fact[] =>
  wholeFacts({ store: ref === undefined ? undefined : { ref, name: null } }, null);

/** A message beside the order itself: it is about the order of this number, and tells of which store that is. */
export const besideOrder = (
  value: string,
  store: string | undefined,
  telling: Telling,
  kind: Alias['kind'] = 'platform',
): Report => ({
  ...telling,
  aliases: [{ kind, value }],
  kind: 'takeaway',
  facts: [...telling.facts, ...storeBeside(store)],
});

/** A request of the user: to cancel an order, or to give back money for it. */
export type RequestKind = 'cancel' | 'refund';

const requestTopic = (kind: RequestKind): string => `${kind}-request`;

/** Where the message of a request says what tells it from others of its order. */
export const requestLine = (kind: RequestKind): string => topicLine(requestTopic(kind));

/** These fields of a request, and its words, which may hold anything; all under `request.`. */
export const openedBy = (body: JsonReader, kind: RequestKind, names: readonly string[]): readonly Fact[] =>
  topicFacts(requestTopic(kind), {
    ...body.raw(names, 'request.'),
    'request.reason': maskNote(body.text('reason') ?? '') || null,
  });

const DEGREES = /^-?\d{1,3}(?:\.\d{1,20})?$/u;

/**
 * GCJ-02 degrees as text. 0,0 lies in the sea and means that there is none; anything else that is no place is left out
 * rather than refusing an order for its map pin.
 */
export function placeOf(lng: string | undefined, lat: string | undefined): CustomerValue['location'] {
  if (lng === undefined || lat === undefined || !DEGREES.test(lng) || !DEGREES.test(lat)) return null;
  const place = { lng: Number(lng), lat: Number(lat) };
  const isOnGlobe = Math.abs(place.lng) <= 180 && Math.abs(place.lat) <= 90;
  return isOnGlobe && (place.lng !== 0 || place.lat !== 0) ? place : null;
}
