import { isSet } from '../../core/account-fields.ts';
import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Alias, RegisterRules, Report } from '../../core/fact.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { maskNote } from '../../core/mask.ts';
import { byTime, firstOf, furthest, TAKEAWAY_RULES } from '../../core/register-rules.ts';
import { refundLine } from '../../core/registers.ts';
import type { Fulfilment, RefundState } from '../../core/registers.ts';
import { fixedReplies, jsonReply } from '../../core/replies.ts';
import { byCode, factsOn, known, nothing, told, topicFacts, unrecognised, wholeFacts } from '../../core/saying.ts';
import type { Statement, StatusRow, Table, Telling } from '../../core/saying.ts';
import { besideOrder } from '../../core/takeaway-order.ts';
import type { TimeMs } from '../../core/time.ts';
import { readOrder } from './order-push.ts';
import { storesOf } from './signature.ts';
import type { Fields } from './signature.ts';

/** Deliveries and refunds go back and forth, so there the younger statement counts; the rest never reverts. */
export const registers: RegisterRules = {
  ...TAKEAWAY_RULES,
  ...furthest('payment', 'settlement', 'flag.reminder'),
  ...firstOf('placedAt'),
  ...byTime('refund', 'answerBy'),
};

/** A request for a refund that nobody answered is granted after so long (sheet, 6). */
export const REFUND_ANSWER_MS = 3 * 3_600_000;

const delivery = (stage: number, fulfilment: Fulfilment, isOff = false): StatusRow => ({
  stage,
  says: { fulfilment, 'flag.delivery_trouble': isOff },
});

/** `shippingStatus` (sheet, 2.2) in the order of a delivery. 100: this rider is off, which is not the end of the order. */
export const DELIVERY_STATUSES: Table<StatusRow> = {
  '0': delivery(10, 'accepted'),
  '5': delivery(11, 'accepted'),
  '10': delivery(12, 'preparing'),
  '15': delivery(13, 'preparing'),
  '20': delivery(14, 'delivering'),
  '40': delivery(15, 'delivered'),
  '100': delivery(16, 'accepted', true),
};

/** `notifyType` of a refund of the whole order. */
export const REFUND_NOTICES = byCode<RefundState>(
  ['requested', 'apply'],
  ['succeeded', 'agree'],
  ['failed', 'reject', 'cancelRefund', 'cancelRefundComplaint'],
);

/** `notifyType` of a refund of some of its dishes. */
export const PART_REFUND_NOTICES: Table<RefundState> = { part: 'requested', agree: 'succeeded', reject: 'failed' };

/** `poiStatus`; 18 and 19 are handled by one integrator and their meaning is assumed. */
export const STORE_STATES: Table<string> = { '121': 'open', '120': 'resting', '18': 'online', '19': 'offline' };

/** Lines of what refund pushes say until the refunds are known by their numbers. */
export const REFUND_NOTICE_LINES = { whole: refundLine('notice'), part: refundLine('part-notice') } as const;

/** What stands around the JSON of an event. */
interface Heard {
  readonly account: AccountView;
  readonly receivedAt: TimeMs;
  readonly sentAt: TimeMs | null;
  readonly store: string | undefined;
}

/** The event of a message, by the one field that holds its JSON: addresses can be mixed up in the console, fields cannot. */
const EVENTS: Table<(json: JsonReader, heard: Heard) => Statement> = {
  order: (json, { account }) => readOrder(json, account),
  orderCancel: readCancel,
  orderRefund: (json, heard) => readRefund(json, heard, 'whole'),
  partOrderRefund: (json, heard) => readRefund(json, heard, 'part'),
  shippingStatus: readDelivery,
  poiStatus: readStoreState,
  tradeDetail: readSettlement,
  pushOrderRemind: (json, heard) => aboutOrder(json, heard, { at: null, facts: wholeFacts({ 'flag.reminder': true }) }),
};

/** Turns a believed callback into what it says of an order or of a store. */
export function parse({ request, content: fields, evidence }: Accepted<Fields>, account: AccountView): Parsed {
  const { topic, receivedAt } = request;
  if (evidence.kind === 'empty') return nothing('an empty request, as the console tries an address');
  // Its fault is not asked for: what stands beside an event and cannot be read is left out.
  const beside = new JsonReader(fields);
  const sentAt = beside.time('timestamp') ?? null;
  const heard = { account, receivedAt, sentAt, store: beside.line('ePoiId', 100) };
  const names = evidence.kind === 'signature' ? Object.keys(EVENTS).filter((name) => fields.has(name)) : [];
  const [name] = names;
  if (names.length > 1) return unrecognised(`it holds ${names.join(' and ')} at once`);
  // Others found the partial refund in the field `order`, and early integrators in plain fields.
  const isPart = topic === 'partial-refund' && (name === 'order' || (name === undefined && fields.has('notifyType')));
  const json = name === undefined ? new JsonReader(fields) : JsonReader.over(fields.get(name), `${name}.`);
  if (json === undefined) return unrecognised(`${name} does not hold a JSON object`);
  const event = isPart ? 'partOrderRefund' : name;
  if (event !== undefined) return told(json, EVENTS[event]?.(json, heard));
  if (topic === 'bind' || topic === 'unbind') return readBinding(fields, heard, topic, evidence.kind !== 'signature');
  if (topic === 'heartbeat') return nothing('a heartbeat');
  if (topic !== 'privacy') return unrecognised('it has no field of a known event');
  // It names no store: the numbers of the developer's every store are concerned.
  return told({ fault: undefined }, { kind: 'notice', store: heard.store ?? null, topic, data: null, at: sentAt });
}

type Beside = Pick<Heard, 'store'>;

const aboutOrder = (json: JsonReader, { store }: Beside, telling: Telling, kind?: Alias['kind']): Report =>
  besideOrder(json.needed('orderId', json.number('orderId')), store, telling, kind);

/** No time is given and none is needed: cancelled is the end. Reason codes stay as they are (sheet, 2.3). */
export function readCancel(json: JsonReader, heard: Beside): Report {
  const named = topicFacts('cancel', known({ ...json.raw(['reasonCode']), reason: reasonOf(json) }));
  return aboutOrder(json, heard, { at: null, facts: [...wholeFacts({ lifecycle: 'cancelled' }), ...named] });
}

/** Words of a user or of staff, which may hold anything. */
export const reasonOf = (json: JsonReader): string | undefined => maskNote(json.text('reason') ?? '') || undefined;

/** Apply, reject and apply again look alike and carry no time: the last received stands until the truth is read. */
function readRefund(json: JsonReader, heard: Heard, extent: 'whole' | 'part'): Statement {
  const state = json.oneOf('notifyType', extent === 'whole' ? REFUND_NOTICES : PART_REFUND_NOTICES);
  if (state === undefined) return undefined;
  const at = heard.receivedAt;
  const money = isSet(heard.account, 'partRefundUnit', 'fen') ? json.fen('money') : json.yuan('money');
  const sum = extent === 'whole' ? { amount: null, whole: true } : { amount: money ?? null };
  const facts = [
    ...factsOn(REFUND_NOTICE_LINES[extent], { refund: known({ state, ...sum, reason: reasonOf(json) }) }),
    ...wholeFacts({ 'flag.doubt': true, answerBy: state === 'requested' ? at + REFUND_ANSWER_MS : undefined }),
  ];
  return aboutOrder(json, heard, { at, doubt: 'refund', facts });
}

/** A step of the delivery. `time` tells which of two is the younger. */
export function readDelivery(json: JsonReader, heard: Beside): Report | undefined {
  const row = json.oneOf('shippingStatus', DELIVERY_STATUSES);
  if (row === undefined) return undefined;
  const rider = json.textParts({ name: 'dispatcherName', phone: 'dispatcherMobile' }, 100);
  const isOff = row.says['flag.delivery_trouble'];
  const facts = [
    ...wholeFacts(row.says),
    ...topicFacts('delivery', json.raw(['shippingStatus'])),
    ...wholeFacts({ rider: isOff === true ? { name: null, phone: null } : rider }),
  ];
  return aboutOrder(json, heard, { at: json.time('time') ?? null, stage: row.stage, facts });
}

/** Its `orderId` is the number shown to the user. The unit of its amounts is not known, so they stay as they came. */
function readSettlement(json: JsonReader, heard: Heard): Report {
  const named = topicFacts('settlement', json.raw(['settleAmount', 'commisionAmount', 'status'], 'tradeDetail.'));
  const alias = isSet(heard.account, 'settlementNumber', 'platform') ? 'platform' : 'display';
  return aboutOrder(json, heard, { at: null, facts: [...wholeFacts({ settlement: 'settled' }), ...named] }, alias);
}

function readStoreState(json: JsonReader, { store, sentAt }: Heard): Statement {
  const state = json.oneOf('poiStatus', STORE_STATES);
  const ref = json.needed('ePoiId', json.line('ePoiId', 100) ?? store);
  return state === undefined ? undefined : { kind: 'state', store: ref, state, at: sentAt };
}

/** Stores that were bound, with their tokens, or that were released. `isHint`: nobody vouches for it. */
function readBinding(
  fields: Fields,
  { account, sentAt: at }: Heard,
  topic: 'bind' | 'unbind',
  isHint: boolean,
): Parsed {
  // One address can get bindings of other businesses, whose tokens open nothing here.
  if (!['2', ''].includes(fields.get('businessId') ?? '')) return nothing('of another business (businessId)');
  const stores = storesOf(fields, account);
  const accessToken = fields.get('appAuthToken') ?? '';
  const beside = new JsonReader(fields);
  if (stores.length === 0) return unrecognised('ePoiId is missing, too long or holds control characters');
  const released = { kind: 'released', at, ...(isHint && ({ hint: true } as const)) } as const;
  if (topic === 'unbind') return told({ fault: undefined }, ...stores.map((store) => ({ ...released, store })));
  if (!/^[\w.~+/=-]{1,1024}$/u.test(accessToken)) return unrecognised('appAuthToken is not a token');
  const token = { accessToken, refreshToken: null, expiresAt: null };
  const [name = null, platformStoreId = null] = [beside.line('poiName', 200), beside.line('poiId', 100)];
  const bound = { kind: 'bound', token, name, platformStoreId, at } as const;
  return told({ fault: undefined }, ...stores.map((store) => ({ ...bound, store })));
}

const BOUND = jsonReply('{"data":"success"}');

/** HTTP 200 for all; bind and unbind have an acknowledgement of their own (sheet, 1.3 and 2.1). */
export const reply = fixedReplies(jsonReply('{"data":"OK"}'), jsonReply('{"data":"error"}'), {
  bind: BOUND,
  unbind: BOUND,
});

/** The console tries an address with an empty GET; a GET that says something is not taken, so not acknowledged. */
export const answerGet = (request: CallbackRequest): Reply =>
  reply(request.query === '' ? 'stored' : 'rejected', request);
