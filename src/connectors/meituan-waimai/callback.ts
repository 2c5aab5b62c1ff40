import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Alias, RegisterRules, Report } from '../../core/fact.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { maskNote } from '../../core/mask.ts';
import { ANSWER_ENDS_DOUBT, byTime, firstOf, TAKEAWAY_CONTENT } from '../../core/register-rules.ts';
import { PAYMENT_RANKS, RAISED_RANKS, REFUND_RANKS, refundLine, SETTLEMENT_RANKS } from '../../core/registers.ts';
import type { Fulfilment, RefundState } from '../../core/registers.ts';
import type { StoreNotice } from '../../core/store-binding.ts';
import { storeBeside } from '../../core/takeaway-order.ts';
import { unixTime } from '../../core/time.ts';
import { factsOn, topicFacts, whole, wholeFacts } from '../../core/whole-facts.ts';
import { aboutOrders, aboutStores, unrecognised } from '../../core/verification.ts';
import { isSet } from '../../core/takeaway-settings.ts';
import { readOrder } from './order-push.ts';
import { storesOf } from './signature.ts';
import type { Fields } from './signature.ts';

/** Deliveries and refunds go back and forth, so there the younger statement counts; the rest never reverts. */
export const registers: RegisterRules = {
  ...TAKEAWAY_CONTENT,
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, cancelled: 2 } },
  settlement: { by: 'rank', ranks: SETTLEMENT_RANKS },
  refund: { by: 'time', ranks: REFUND_RANKS },
  ...firstOf('placedAt', 'acceptBy', 'completedAt', 'closedAt'),
  ...byTime('fulfilment', 'flag.delivery_trouble', 'answerBy'),
  ...ANSWER_ENDS_DOUBT,
  'flag.reminder': { by: 'rank', ranks: RAISED_RANKS },
};

/** A request for a refund that nobody answered is granted after so long (sheet, 6). */
export const REFUND_ANSWER_MS = 3 * 3_600_000;

/** `shippingStatus` (sheet, 2.2) in the order of a delivery. 100: this rider is off, which is not the end of the order. */
export const DELIVERY_STATUSES: Readonly<Record<string, { readonly stage: number; readonly fulfilment: Fulfilment }>> =
  {
    '0': { stage: 10, fulfilment: 'accepted' },
    '5': { stage: 11, fulfilment: 'accepted' },
    '10': { stage: 12, fulfilment: 'preparing' },
    '15': { stage: 13, fulfilment: 'preparing' },
    '20': { stage: 14, fulfilment: 'delivering' },
    '40': { stage: 15, fulfilment: 'delivered' },
    '100': { stage: 16, fulfilment: 'accepted' },
  };

/** `notifyType` of a refund of the whole order. */
export const REFUND_NOTICES: Readonly<Record<string, RefundState>> = {
  apply: 'requested',
  agree: 'succeeded',
  reject: 'failed',
  cancelRefund: 'failed',
  cancelRefundComplaint: 'failed',
};

/** `notifyType` of a refund of some of its dishes. */
export const PART_REFUND_NOTICES: Readonly<Record<string, RefundState>> = {
  part: 'requested',
  agree: 'succeeded',
  reject: 'failed',
};

/** `poiStatus`; 18 and 19 are handled by one integrator and their meaning is assumed. */
export const STORE_STATES: Readonly<Record<string, string>> = {
  '121': 'open',
  '120': 'resting',
  '18': 'online',
  '19': 'offline',
};

/** Lines of what refund pushes say until the refunds are known by their numbers. */
export const REFUND_NOTICE_LINES = { whole: refundLine('notice'), part: refundLine('part-notice') } as const;

interface Heard {
  readonly request: CallbackRequest;
  readonly fields: Fields;
  readonly account: AccountView;
}

type ReadEvent = (json: JsonReader, heard: Heard) => Report | StoreNotice | undefined;

/** The event of a message, by the one field that holds its JSON: addresses can be mixed up in the console, fields cannot. */
const EVENTS: Readonly<Record<string, ReadEvent>> = {
  order: (json, { account }) => readOrder(json, account),
  orderCancel: readCancel,
  orderRefund: (json, heard) => readRefund(json, heard, REFUND_NOTICES, 'whole'),
  partOrderRefund: (json, heard) => readRefund(json, heard, PART_REFUND_NOTICES, 'part'),
  shippingStatus: readDelivery,
  poiStatus: readStoreState,
  tradeDetail: readSettlement,
  pushOrderRemind: (json, heard) => aboutOrder(json, heard, { at: null, facts: [whole('flag.reminder', true)] }),
};

/** Turns a believed callback into what it says of an order or of a store. */
export function parse(accepted: Accepted<Fields>, account: AccountView): Parsed {
  const { request, content: fields, evidence } = accepted;
  const { topic } = request;
  if (evidence.kind === 'empty') return { kind: 'nothing', note: 'an empty request, as the console tries an address' };
  const heard = { request, fields, account };
  const names = evidence.kind === 'signature' ? Object.keys(EVENTS).filter((name) => fields.has(name)) : [];
  const [name] = names;
  if (names.length > 1) return unrecognised(`it holds ${names.join(' and ')} at once`);
  // Others found the partial refund in the field `order`, and early integrators in plain fields.
  const isPart = topic === 'partial-refund' && (name === 'order' || (name === undefined && fields.has('notifyType')));
  const json = name === undefined ? new JsonReader(fields) : JsonReader.over(name, fields.get(name) ?? '');
  if (json === undefined) return unrecognised(`${name} does not hold a JSON object`);
  const event = isPart ? 'partOrderRefund' : name;
  if (event !== undefined) return told(json, EVENTS[event]?.(json, heard));
  if (topic === 'bind') return readBound(heard);
  if (topic === 'unbind') return readReleased(heard, evidence.kind !== 'signature');
  if (topic === 'heartbeat') return { kind: 'nothing', note: 'a heartbeat' };
  // It names no store: the numbers of the developer's every store are concerned.
  const store = plain(fields, 'ePoiId', 100) ?? null;
  if (topic === 'privacy') return aboutStores({ kind: 'notice', store, topic, data: null, at: timeOf(fields) });
  return unrecognised('it has no field of a known event');
}

function told(json: JsonReader, said: Report | StoreNotice | undefined): Parsed {
  if (said === undefined || json.fault !== undefined) return unrecognised(json.fault ?? 'it cannot be read');
  return 'facts' in said ? aboutOrders(json, said) : aboutStores(said);
}

/** A report about the order named by `orderId`, and of which store it is. */
function aboutOrder(
  json: JsonReader,
  { fields }: Pick<Heard, 'fields'>,
  report: Pick<Report, 'at' | 'facts' | 'stage' | 'doubt'>,
  kind: Alias['kind'] = 'platform',
): Report | undefined {
  const value = json.number('orderId');
  if (value === undefined) return json.missing('orderId');
  const facts = [...report.facts, ...storeBeside(plain(fields, 'ePoiId', 100))];
  return { ...report, aliases: [{ kind, value }], kind: 'takeaway', facts };
}

/** No time is given and none is needed: cancelled is the end. Reason codes stay as they are (sheet, 2.3). */
export function readCancel(json: JsonReader, heard: Pick<Heard, 'fields'>): Report | undefined {
  const named = topicFacts('cancel', { ...json.raw(['reasonCode']), ...reasonOf(json) });
  return aboutOrder(json, heard, { at: null, facts: [whole('lifecycle', 'cancelled'), ...named] });
}

/** Words of a user or of staff, which may hold anything. */
export function reasonOf(json: JsonReader): { readonly reason?: string } {
  const reason = json.text('reason');
  return reason === undefined ? {} : { reason: maskNote(reason) };
}

/** Apply, reject and apply again look alike and carry no time: the last received stands until the truth is read. */
function readRefund(
  json: JsonReader,
  heard: Heard,
  notices: Readonly<Record<string, RefundState>>,
  extent: 'whole' | 'part',
): Report | undefined {
  const state = json.oneOf('notifyType', notices);
  if (state === undefined) return undefined;
  const at = heard.request.receivedAt;
  const amount = (isSet(heard.account, 'partRefundUnit', 'fen') ? json.fen('money') : json.yuan('money')) ?? null;
  const sum = extent === 'whole' ? { amount: null, whole: true } : { amount };
  const facts = [
    ...factsOn(REFUND_NOTICE_LINES[extent], { refund: { state, ...sum, ...reasonOf(json) } }),
    ...wholeFacts({ 'flag.doubt': true, answerBy: state === 'requested' ? at + REFUND_ANSWER_MS : undefined }),
  ];
  return aboutOrder(json, heard, { at, doubt: 'refund', facts });
}

/** A step of the delivery. `time` tells which of two is the younger. */
export function readDelivery(json: JsonReader, heard: Pick<Heard, 'fields'>): Report | undefined {
  const row = json.oneOf('shippingStatus', DELIVERY_STATUSES);
  if (row === undefined) return undefined;
  const rider = json.textParts({ name: 'dispatcherName', phone: 'dispatcherMobile' }, 100);
  const isOff = row === DELIVERY_STATUSES['100'];
  const facts = [
    ...wholeFacts({ fulfilment: row.fulfilment, 'flag.delivery_trouble': isOff }),
    ...topicFacts('delivery', json.raw(['shippingStatus'])),
    ...wholeFacts({ rider: isOff ? { name: null, phone: null } : rider }),
  ];
  return aboutOrder(json, heard, { at: json.time('time') ?? null, stage: row.stage, facts });
}

/** Its `orderId` is the number shown to the user. The unit of its amounts is not known, so they stay as they came. */
function readSettlement(json: JsonReader, heard: Heard): Report | undefined {
  const named = topicFacts('settlement', json.raw(['settleAmount', 'commisionAmount', 'status'], 'tradeDetail.'));
  const alias = isSet(heard.account, 'settlementNumber', 'platform') ? 'platform' : 'display';
  return aboutOrder(json, heard, { at: null, facts: [whole('settlement', 'settled'), ...named] }, alias);
}

function readStoreState(json: JsonReader, { fields }: Heard): StoreNotice | undefined {
  const store = json.text('ePoiId', 100) ?? plain(fields, 'ePoiId', 100);
  const state = json.oneOf('poiStatus', STORE_STATES);
  if (state === undefined) return undefined;
  if (store === undefined) return json.missing('ePoiId');
  return { kind: 'state', store, state, at: timeOf(fields) };
}

/** Tokens for stores. One address can get bindings of other businesses, whose tokens open nothing here. */
function readBound({ fields, account }: Heard): Parsed {
  if (!isOurBusiness(fields)) return { kind: 'nothing', note: 'a binding of another business (businessId)' };
  const stores = storesOf(fields, account);
  const accessToken = fields.get('appAuthToken') ?? '';
  const tokenFault = /^[\w.~+/=-]{1,1024}$/u.test(accessToken) ? undefined : 'appAuthToken is not a token';
  const fault = storeFault(stores) ?? tokenFault;
  if (fault !== undefined) return unrecognised(fault);
  const token = { accessToken, refreshToken: null, expiresAt: null };
  const platformStoreId = plain(fields, 'poiId', 100) ?? null;
  const bound = { kind: 'bound', token, name: plain(fields, 'poiName', 200) ?? null, platformStoreId } as const;
  return aboutStores(...stores.map((store) => ({ ...bound, store, at: timeOf(fields) })));
}

function readReleased({ fields, account }: Heard, isHint: boolean): Parsed {
  if (!isOurBusiness(fields)) return { kind: 'nothing', note: 'a release of another business (businessId)' };
  const stores = storesOf(fields, account);
  const fault = storeFault(stores);
  if (fault !== undefined) return unrecognised(fault);
  const released = { kind: 'released', at: timeOf(fields), ...(isHint && ({ hint: true } as const)) } as const;
  return aboutStores(...stores.map((store) => ({ ...released, store })));
}

const isOurBusiness = (fields: Fields): boolean => ['2', ''].includes(fields.get('businessId') ?? '');
const timeOf = (fields: Fields): number | null => unixTime(fields.get('timestamp') ?? '') ?? null;
/** A plain field that says something and can be stored. */
function plain(fields: Fields, name: string, maxLength: number): string | undefined {
  const text = fields.get(name) ?? '';
  return text !== '' && text.length <= maxLength && !/\p{Cc}/u.test(text) ? text : undefined;
}
const storeFault = (stores: readonly string[]): string | undefined =>
  stores.length > 0 && stores.every((store) => store.length <= 100 && !/\p{Cc}/u.test(store))
    ? undefined
    : 'ePoiId is missing, too long or holds control characters';

const STORED = jsonReply('{"data":"OK"}');
const BOUND = jsonReply('{"data":"success"}');
const REJECTED = jsonReply('{"data":"error"}');

/** HTTP 200 for all; bind and unbind have an acknowledgement of their own (sheet, 1.3 and 2.1). */
export function reply(outcome: 'stored' | 'rejected', request: CallbackRequest): Reply {
  if (outcome === 'rejected') return REJECTED;
  return request.topic === 'bind' || request.topic === 'unbind' ? BOUND : STORED;
}

/** The console tries an address with an empty GET; a GET that says something is not taken, so not acknowledged. */
export const answerGet = (request: CallbackRequest): Reply =>
  reply(request.query === '' ? 'stored' : 'rejected', request);
