import type { Accepted } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Fact, RegisterRules, Report } from '../../core/fact.ts';
import { isLosslessObject, parseLossless } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { ANSWER_ENDS_DOUBT, byTime, firstOf, TAKEAWAY_CONTENT } from '../../core/register-rules.ts';
import { refundLine, REFUND_RANKS, topicLine, WHOLE } from '../../core/registers.ts';
import type { Fulfilment } from '../../core/registers.ts';
import { fixedReplies } from '../../core/replies.ts';
import { storeBeside } from '../../core/takeaway-order.ts';
import type { TimeMs } from '../../core/time.ts';
import { factsOn, topicFacts, whole, wholeFacts } from '../../core/whole-facts.ts';
import { aboutOrders, aboutStores, isMissing, isUnknown, quoted, unrecognised } from '../../core/verification.ts';
import { endFacts, orderNumber, orderReports } from './order.ts';

/**
 * What each message type says (sheet, 4.4 and 9). The type decides, not the `state` beside it: a documented sample of
 * type 12 has `settled` there. `stage`: its place among messages of one second, which is how fine these times are.
 */
type TypeRow =
  | { readonly body: 'order'; readonly stage: number; readonly newer?: true }
  | { readonly body: 'status'; readonly says: 'accepted' | 'cancelled' | 'completed'; readonly stage: number }
  | { readonly body: 'cancel' | 'refund'; readonly says: 'requested' | 'settled' | 'succeeded'; readonly stage: number }
  | { readonly body: 'waybill'; readonly says: Fulfilment | 'trouble'; readonly stage: number }
  | { readonly body: 'reminder' | StoreBody }
  | { readonly body: 'nothing'; readonly note: string };

type StoreBody = 'shop-state' | 'shop-change' | 'released' | 'merchant-audit' | 'shop-audit';

const TROUBLES = [57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 72, 73, 74, 75, 76];

const ROWS: readonly (readonly [row: TypeRow, ...types: readonly number[]])[] = [
  [{ body: 'order', stage: 1 }, 10],
  // Newer core messages whose meaning no source tells; they carry order fields.
  [{ body: 'order', stage: 2, newer: true }, 217],
  [{ body: 'order', stage: 3, newer: true }, 218],
  [{ body: 'status', says: 'accepted', stage: 1 }, 12],
  [{ body: 'status', says: 'cancelled', stage: 9 }, 14, 15, 17],
  [{ body: 'status', says: 'completed', stage: 9 }, 18],
  ...requestRows('cancel', 20),
  ...requestRows('refund', 30),
  [{ body: 'reminder' }, 45],
  // Waiting for a rider: the kitchen is at work meanwhile.
  ...[51, 52, 53, 54].map((type): [TypeRow, number] => [
    { body: 'waybill', says: 'preparing', stage: type - 49 },
    type,
  ]),
  [{ body: 'waybill', says: 'delivering', stage: 7 }, 55],
  [{ body: 'waybill', says: 'delivering', stage: 6 }, 71],
  [{ body: 'waybill', says: 'delivered', stage: 9 }, 56],
  // Delivery cancelled, in trouble, given up or refused by the carrier: the order's state stays, staff must look.
  [{ body: 'waybill', says: 'trouble', stage: 8 }, ...TROUBLES],
  [{ body: 'shop-state' }, 91],
  [{ body: 'shop-change' }, 93],
  [{ body: 'released' }, 100],
  [{ body: 'nothing', note: 'an order of the service market, which sells apps' }, 105],
  [{ body: 'merchant-audit' }, 221],
  [{ body: 'shop-audit' }, 222],
];

export const TYPES: ReadonlyMap<string, TypeRow> = new Map(
  ROWS.flatMap(([row, ...types]) => types.map((type) => [String(type), row] as const)),
);

/** 20 to 26 and 30 to 36 tell the same story: of cancelling before completion and of refunding after it. */
function requestRows(body: 'cancel' | 'refund', first: number): readonly (readonly [TypeRow, number])[] {
  const says = ['requested', 'settled', 'settled', 'succeeded', 'requested', 'succeeded', 'settled'] as const;
  const stages = [1, 2, 3, 5, 4, 6, 5];
  return says.map((word, index) => [{ body, says: word, stage: stages[index] ?? 0 }, first + index]);
}

/**
 * The delivery's word and an open request are told as provisional: the order's end is final and outlives a courier's
 * late 'delivery cancelled', which by its time would be younger.
 */
export const registers: RegisterRules = {
  ...TAKEAWAY_CONTENT,
  // An order paid at the door stays so: there is nothing that a cancellation could give back.
  payment: { by: 'rank', ranks: { paid: 0, partially_refunded: 1, refunded: 2, unpaid: 3 } },
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, cancelled: 2 } },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  ...firstOf('acceptBy', 'completedAt', 'closedAt'),
  // A new rider starts again from the shop.
  ...byTime('fulfilment', 'placedAt', 'paidAt'),
  // Of those that nobody gives a time the first.
  answerBy: { by: 'time', ranks: 'lowest' },
  ...byTime('flag.cancel_requested', 'flag.refund_requested', 'flag.delivery_trouble', 'flag.reminder'),
  ...byTime('flag.provisional_money'),
  ...ANSWER_ENDS_DOUBT,
};

/** A user's request to cancel that nobody answered is granted after so long (sheet, 6); of refunds no limit is known. */
export const CANCEL_ANSWER_MS = 15 * 60_000;

/** What every message brings along, beside its body. */
interface Envelope {
  readonly type: string;
  readonly body: JsonReader;
  /** When the platform sent it; where it does not say, when it came. */
  readonly sentAt: TimeMs;
  readonly receivedAt: TimeMs;
  readonly shopId: string | undefined;
}

/** Turns a verified push into reports about an order or notices about a shop. */
export const parse = ({ content, request }: Accepted<LosslessObject>, account: AccountView): Parsed =>
  readMessage(content, account, request.receivedAt);

/** A message in its envelope: pushed, or pulled because its push failed. */
export function readMessage(content: LosslessObject, account: AccountView, receivedAt: TimeMs): Parsed {
  const fields = new JsonReader(content);
  const type = fields.text('type', 64);
  const shopId = fields.id('shopId');
  const sentAt = fields.when('timestamp') ?? receivedAt;
  if (fields.fault !== undefined) return unrecognised(fields.fault);
  const row = TYPES.get(type ?? '');
  if (type === undefined || row === undefined) return isUnknown('type', type);
  if (row.body === 'nothing') return { kind: 'nothing', note: row.note };
  const message = content.get('message');
  const map = typeof message === 'string' ? parseLossless(message) : undefined;
  if (!isLosslessObject(map)) return unrecognised('message is not the JSON text of an object');
  const body = new JsonReader(map);
  const said = interpret(row, { type, body, sentAt, receivedAt, shopId }, account);
  return body.fault === undefined ? said : unrecognised(body.fault);
}

function interpret(row: Exclude<TypeRow, { body: 'nothing' }>, envelope: Envelope, account: AccountView): Parsed {
  switch (row.body) {
    case 'order':
      return order(row, envelope, account);
    case 'status':
      return status(row, envelope);
    case 'cancel':
    case 'refund':
      return requestOf(row, envelope);
    case 'waybill':
      return waybill(row, envelope);
    case 'reminder':
      return reminder(envelope);
    default:
      return storeNotice(row.body, envelope);
  }
}

function order(row: Row<'order'>, { body, sentAt, shopId, type }: Envelope, account: AccountView): Parsed {
  const isOrder = body.names.includes('groups') || body.names.includes('totalPrice');
  if (row.newer && !isOrder) return unrecognised(`type ${type} without the fields of an order is not known`);
  // A newer core message tells of later than the order's beginning, which is all that its own times name.
  const at = row.newer ? (body.when('updateTime') ?? sentAt) : null;
  return aboutOrders(body, ...orderReports(body, account, { at, stage: row.stage, sentAt, shopId }));
}

function status(row: Row<'status'>, envelope: Envelope): Parsed {
  const at = envelope.body.when('updateTime') ?? envelope.sentAt;
  const { says, stage } = row;
  if (says === 'accepted') return report(envelope, { at, stage, final: false }, [whole('fulfilment', says)]);
  const facts =
    says === 'cancelled' ? [whole('closedAt', at), whole('flag.refund_requested', false)] : [whole('completedAt', at)];
  return report(envelope, { at, stage }, [whole('lifecycle', says), ...facts, ...endFacts()]);
}

/** A request to cancel or to refund, and what became of it. No message names a number of the request. */
function requestOf(row: Row<'cancel' | 'refund'>, envelope: Envelope): Parsed {
  const { body, receivedAt, type } = envelope;
  const isCancel = row.body === 'cancel';
  const told = body.when('updateTime');
  const at = told ?? receivedAt;
  const refundType = body.text('refundType', 64) ?? (isCancel ? 'normal' : 'part');
  const amount = body.roundedYuan('totalPrice') ?? null;
  const facts = [whole(isCancel ? 'flag.cancel_requested' : 'flag.refund_requested', row.says === 'requested')];
  if (row.says === 'requested') facts.push(whole('answerBy', type === '20' ? at + CANCEL_ANSWER_MS : null));
  // Without its own time a message that was sent again cannot be told from a new one of its kind.
  let doubt: string | undefined = told === undefined ? row.body : undefined;
  if (row.says === 'succeeded') {
    // A cancellation of a part would leave an order of which nobody says what it is.
    if (refundType !== 'normal' && (isCancel || refundType !== 'part')) {
      return unrecognised(`type ${type} with refundType ${quoted(refundType)} is not known`);
    }
    if (isCancel)
      facts.push(whole('lifecycle', 'cancelled'), whole('closedAt', at), whole('payment', 'refunded'), ...endFacts());
    else facts.push(...refundFacts(refundType === 'normal', amount, at));
    if (refundType === 'part' && amount === null) doubt = `refund:${secondOf(at)}`;
  }
  // An open cancel request ends with the order, a refund request does not.
  const final = !isCancel || row.says === 'succeeded';
  if (doubt === undefined) return report(envelope, { at, stage: row.stage, final }, facts);
  // On a line of its own, since the other line's is final and this one's is not.
  const doubted: Fact = { ...whole('flag.doubt', true, receivedAt), line: final ? WHOLE : topicLine('cancel') };
  return report(envelope, { at, stage: row.stage, final, doubt }, [...facts, doubted]);
}

/** The second of its success tells one partial refund from the next, and a repeat from both. */
const secondOf = (at: TimeMs): string => String(Math.floor(at / 1000));

const refundFacts = (isWhole: boolean, amount: number | null, at: TimeMs): readonly Fact[] =>
  factsOn(refundLine(isWhole ? 'whole' : secondOf(at)), {
    refund: { state: 'succeeded', amount, ...(isWhole ? { whole: true } : {}) },
  });

function reminder(envelope: Envelope): Parsed {
  const at = envelope.body.when('updateTime') ?? envelope.sentAt;
  // The number that an answer to it must name.
  const named = topicFacts('reminder', envelope.body.raw(['remindId']));
  return report(envelope, { at, stage: 1, final: false }, [whole('flag.reminder', true), ...named]);
}

function waybill({ says, stage }: Row<'waybill'>, envelope: Envelope): Parsed {
  const { body, sentAt } = envelope;
  const facts = wholeFacts({
    'flag.delivery_trouble': says === 'trouble',
    fulfilment: says === 'trouble' ? undefined : says,
    'flag.reminder': says === 'delivered' ? false : undefined,
    rider: body.textParts({ name: 'name', phone: 'phone' }, 100),
  });
  const named = topicFacts('delivery', body.raw(['state', 'subState'], 'waybill.'));
  return report(envelope, { at: body.when('updateAt') ?? sentAt, stage, final: false }, [...facts, ...named]);
}

type Row<Body extends TypeRow['body']> = Extract<TypeRow, { readonly body: Body }>;
type When = Pick<Report, 'at' | 'stage' | 'doubt' | 'final'>;

function report({ body, shopId }: Envelope, when: When, facts: readonly Fact[]): Parsed {
  const value = orderNumber(body) ?? body.missing('orderId') ?? '';
  const store = storeBeside(body.id('shopId') ?? shopId);
  const { final = true, ...rest } = when;
  const aliases = [{ kind: 'platform', value }] as const;
  const told = { ...rest, ...(final ? {} : { final }), facts: [...facts, ...store] };
  return aboutOrders(body, { aliases, kind: 'takeaway', ...told });
}

/** Shops carry the platform's own number: a push knows no other. */
function storeNotice(about: StoreBody, { body, sentAt, shopId }: Envelope): Parsed {
  const store = body.id('shopId') ?? shopId;
  const timeField = { released: 'relieveOAuthTime', 'shop-audit': 'auditTime' }[about as string] ?? 'updateTime';
  const at = body.when(timeField) ?? sentAt;
  const state = about === 'shop-state' ? body.text(['state', 'status']) : undefined;
  if (store === undefined && !about.endsWith('audit')) return isMissing('shopId');
  if (store !== undefined && about === 'released') return aboutStores({ kind: 'released', store, at });
  if (store !== undefined && state !== undefined) return aboutStores({ kind: 'state', store, state, at });
  return aboutStores({ kind: 'notice', store: store ?? null, topic: about, data: body.raw(body.names), at });
}

const STORED = jsonReply('{"message":"ok"}');

/** Lower-case `ok`: one demo answers it in capitals, the documents do not (sheet, 4.2). */
export const reply = fixedReplies(STORED, jsonReply('{"message":"signature"}', 500));

/** The console fetches the push address to see that it is there. */
export const answerGet = (): Reply => STORED;
