import type { Accepted } from '../../core/accept.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Fact, RegisterRules, Report } from '../../core/fact.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, furthest, TAKEAWAY_RULES } from '../../core/register-rules.ts';
import { refundLine, topicLine, WHOLE } from '../../core/registers.ts';
import type { Fulfilment } from '../../core/registers.ts';
import { fixedReplies, jsonReply } from '../../core/replies.ts';
import { byCode, factsOn, known, nothing, told, topicFacts, whole, wholeFacts } from '../../core/saying.ts';
import type { Statement, Telling } from '../../core/saying.ts';
import { besideOrder, openedBy } from '../../core/takeaway-order.ts';
import type { TimeMs } from '../../core/time.ts';
import { endFacts, orderNumber, orderReports } from './order.ts';

/** What a message of a type says; what cannot be read of it is the fault of its body. */
type Read = (envelope: Envelope) => Statement | readonly Statement[];

/** What tells a request from others of its order: no message names a number. */
const REQUEST_FIELDS = ['updateTime', 'refundType', 'totalPrice'];

/** What every message brings along, beside its body. */
interface Envelope {
  readonly type: string;
  readonly body: JsonReader;
  /** When the platform sent it; where it does not say, when it came. */
  readonly sentAt: TimeMs;
  readonly receivedAt: TimeMs;
  readonly shopId: string | undefined;
  readonly account: AccountView;
}

/**
 * What each message type says (sheet, 4.4 and 9). The type decides, not the `state` beside it: a documented sample of
 * type 12 has `settled` there. A number is the place of a message among those of one second, which is how fine these
 * times are.
 */
export const TYPES = byCode<Read | string>(
  [order(1), '10'],
  // Newer core messages whose meaning no source tells; they carry order fields.
  [newerOrder(2), '217'],
  [newerOrder(3), '218'],
  [accepted, '12'],
  [ended('cancelled'), '14', '15', '17'],
  [ended('completed'), '18'],
  ...requests('cancel', 20),
  ...requests('refund', 30),
  [reminder, '45'],
  // Waiting for a rider: the kitchen is at work meanwhile.
  ...[51, 52, 53, 54].map((type) => [waybill('preparing', type - 49), String(type)] as const),
  [waybill('delivering', 6), '71'],
  [waybill('delivering', 7), '55'],
  [waybill('delivered', 9), '56'],
  // Delivery cancelled, in trouble, given up or refused by the carrier: the order's state stays, staff must look.
  [waybill('trouble', 8), '57', '58', '59', '60', '61', '62', '63', '64', '65', '66', '67', '68', '69', '70'],
  [waybill('trouble', 8), '72', '73', '74', '75', '76'],
  [aboutShop('shop-state'), '91'],
  [aboutShop('shop-change'), '93'],
  [aboutShop('released', 'relieveOAuthTime'), '100'],
  ['an order of the service market, which sells apps', '105'],
  [aboutShop('merchant-audit'), '221'],
  [aboutShop('shop-audit', 'auditTime'), '222'],
);

/**
 * The delivery's word and an open request are told as provisional: the order's end is final and outlives a courier's
 * late 'delivery cancelled', which by its time would be younger.
 */
export const registers: RegisterRules = {
  ...TAKEAWAY_RULES,
  // An order paid at the door stays so: there is nothing that a cancellation could give back.
  payment: { by: 'rank', ranks: { paid: 0, partially_refunded: 1, refunded: 2, unpaid: 3 } },
  ...furthest('refund'),
  ...byTime('placedAt', 'paidAt', 'flag.cancel_requested', 'flag.refund_requested', 'flag.reminder'),
  ...byTime('flag.provisional_money'),
  // Of those that nobody gives a time the first.
  answerBy: { by: 'time', ranks: 'lowest' },
};

/** A user's request to cancel that nobody answered is granted after so long (sheet, 6); of refunds no limit is known. */
export const CANCEL_ANSWER_MS = 15 * 60_000;

/** Turns a verified push into reports about an order or notices about a shop. */
export const parse = ({ content, request }: Accepted<LosslessObject>, account: AccountView): Parsed =>
  readMessage(content, account, request.receivedAt);

/** A message in its envelope: pushed, or pulled because its push failed. */
export function readMessage(content: LosslessObject, account: AccountView, receivedAt: TimeMs): Parsed {
  const fields = new JsonReader(content);
  const read = fields.oneOf('type', TYPES);
  const type = fields.text('type') ?? '';
  const shopId = fields.id('shopId');
  const sentAt = fields.when('timestamp') ?? receivedAt;
  if (read === undefined || fields.fault !== undefined) return told(fields);
  if (typeof read === 'string') return nothing(read);
  const body = JsonReader.over(content.get('message'));
  if (body === undefined) return told(fields, fields.wrong('message', 'is not the JSON text of an object'));
  const said = read({ type, body, sentAt, receivedAt, shopId, account });
  return told(body, ...[said].flat());
}

function order(stage: number, at: TimeMs | null = null): Read {
  return ({ body, sentAt, shopId, account }) => orderReports(body, account, { at, stage, sentAt, shopId });
}

/** Tells of later than the order's beginning, which is all that its own times name. */
function newerOrder(stage: number): Read {
  return (envelope) => {
    const { body, sentAt, type } = envelope;
    const isOrder = body.names.includes('groups') || body.names.includes('totalPrice');
    if (!isOrder) return body.wrong(`type ${type}`, 'without the fields of an order is not known');
    return order(stage, body.when('updateTime') ?? sentAt)(envelope);
  };
}

/** A message that names its order and says nothing else of what it is made of. */
const report = ({ body, shopId }: Envelope, telling: Telling): Report =>
  besideOrder(body.needed('orderId', orderNumber(body)), body.id('shopId') ?? shopId, telling);

const updatedAt = ({ body, sentAt }: Envelope): TimeMs => body.when('updateTime') ?? sentAt;

function accepted(envelope: Envelope): Report {
  const facts = [whole('fulfilment', 'accepted')];
  return report(envelope, { at: updatedAt(envelope), stage: 1, final: false, facts });
}

function ended(lifecycle: 'cancelled' | 'completed'): Read {
  return (envelope) => {
    const at = updatedAt(envelope);
    const said = lifecycle === 'cancelled' ? { closedAt: at, 'flag.refund_requested': false } : { completedAt: at };
    return report(envelope, { at, stage: 9, facts: [...wholeFacts({ lifecycle, ...said }), ...endFacts()] });
  };
}

/** 20 to 26 and 30 to 36 tell the same story: of cancelling before completion and of refunding after it. */
function requests(what: 'cancel' | 'refund', first: number): readonly (readonly [Read, string])[] {
  const says = ['requested', 'settled', 'settled', 'succeeded', 'requested', 'succeeded', 'settled'] as const;
  const stages = [1, 2, 3, 5, 4, 6, 5];
  return says.map((word, index) => [requestStep(what === 'cancel', word, stages[index] ?? 0), String(first + index)]);
}

/** A request to cancel or to refund, and what became of it. No message names a number of the request. */
function requestStep(isCancel: boolean, says: 'requested' | 'settled' | 'succeeded', stage: number): Read {
  return (envelope) => {
    const { body, receivedAt, type } = envelope;
    const toldAt = body.when('updateTime');
    const at = toldAt ?? receivedAt;
    const amount = body.roundedYuan('totalPrice') ?? null;
    const refundType = body.text('refundType', 64) ?? (isCancel ? 'normal' : 'part');
    const isWhole = refundType === 'normal';
    const isDone = says === 'succeeded';
    // A cancellation of a part would leave an order of which nobody says what it is.
    if (isDone && !isWhole && (isCancel || refundType !== 'part'))
      return body.wrong(`type ${type} with refundType ${JSON.stringify(refundType)}`, 'is not known');
    const flag = isCancel ? 'flag.cancel_requested' : 'flag.refund_requested';
    const answerBy = type === '20' ? at + CANCEL_ANSWER_MS : null;
    const facts = [
      ...wholeFacts({ [flag]: says === 'requested', answerBy: says === 'requested' ? answerBy : undefined }),
    ];
    if (isDone && isCancel)
      facts.push(...wholeFacts({ lifecycle: 'cancelled', closedAt: at, payment: 'refunded' }), ...endFacts());
    else if (isDone) facts.push(...refundFacts(isWhole, amount, at));
    // Without its own time a message that was sent again cannot be told from a new one of its kind.
    const again = toldAt === undefined ? (isCancel ? 'cancel' : 'refund') : undefined;
    const doubt = isDone && !isWhole && amount === null ? `refund:${secondOf(at)}` : again;
    // An open cancel request ends with the order, a refund request does not.
    const isFinal = !isCancel || isDone;
    // On a line of its own, since the other line's is final and this one's is not.
    const line = isFinal ? WHOLE : topicLine('cancel');
    if (doubt !== undefined) facts.push(...factsOn(line, { 'flag.doubt': true }, receivedAt));
    if (says === 'requested') facts.push(...openedBy(body, isCancel ? 'cancel' : 'refund', REQUEST_FIELDS));
    return report(envelope, known({ at, stage, final: isFinal ? undefined : false, doubt, facts }));
  };
}

/** The second of its success tells one partial refund from the next, and a repeat from both. */
const secondOf = (at: TimeMs): string => String(Math.floor(at / 1000));

const refundFacts = (isWhole: boolean, amount: number | null, at: TimeMs): readonly Fact[] =>
  factsOn(refundLine(isWhole ? 'whole' : secondOf(at)), {
    refund: known({ state: 'succeeded', amount, whole: isWhole || undefined }),
  });

function reminder(envelope: Envelope): Report {
  // The number that an answer to it must name.
  const named = topicFacts('reminder', envelope.body.raw(['remindId']));
  const facts = [whole('flag.reminder', true), ...named];
  return report(envelope, { at: updatedAt(envelope), stage: 1, final: false, facts });
}

function waybill(says: Fulfilment | 'trouble', stage: number): Read {
  return (envelope) => {
    const { body, sentAt } = envelope;
    const facts = wholeFacts({
      'flag.delivery_trouble': says === 'trouble',
      fulfilment: says === 'trouble' ? undefined : says,
      'flag.reminder': says === 'delivered' ? false : undefined,
      rider: body.textParts({ name: 'name', phone: 'phone' }, 100),
    });
    const named = topicFacts('delivery', body.raw(['state', 'subState'], 'waybill.'));
    return report(envelope, { at: body.when('updateAt') ?? sentAt, stage, final: false, facts: [...facts, ...named] });
  };
}

/** Shops carry the platform's own number: a push knows no other. */
function aboutShop(topic: string, timeField = 'updateTime'): Read {
  return ({ body, sentAt, shopId }) => {
    const store = body.id('shopId') ?? shopId;
    const at = body.when(timeField) ?? sentAt;
    const state = topic === 'shop-state' ? body.text(['state', 'status']) : undefined;
    if (store === undefined && !topic.endsWith('audit')) return body.missing('shopId');
    if (store !== undefined && topic === 'released') return { kind: 'released', store, at };
    if (store !== undefined && state !== undefined) return { kind: 'state', store, state, at };
    return { kind: 'notice', store: store ?? null, topic, data: body.raw(body.names), at };
  };
}

const STORED = jsonReply('{"message":"ok"}');

/** Lower-case `ok`: one demo answers it in capitals, the documents do not (sheet, 4.2). */
export const reply = fixedReplies(STORED, jsonReply('{"message":"signature"}', 500));

/** The console fetches the push address to see that it is there. */
export const answerGet = (): Reply => STORED;
