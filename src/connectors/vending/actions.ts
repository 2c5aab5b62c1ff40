import { paramFaults } from '../../core/action-params.ts';
import type { ParamFault } from '../../core/action-params.ts';
import type { ActionOutcome, ActionRequest, Actions, DoneAtOnce, PreparedAction } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { oneItemPerDispense } from '../../core/one-item-rule.ts';
import type { OutgoingRequest, PlatformRefusal, PlatformResponse } from '../../core/outgoing.ts';
import {
  aliasOf,
  cancelReport,
  closedReport,
  createdReport,
  givenUpReport,
  paidReport,
  refundDoneReport,
  textParam,
  turnedToRefundReport,
} from './action-reports.ts';
import { isWaiting, specs } from './action-specs.ts';
import { hasCredentials, orderWanted, readAnswer, refusedData, requestFor } from './client.ts';
import type { Wanted } from './client.ts';
import { DISPENSED_CODES, EXPIRED_CODES, PAID_CODES, STATE_CODES } from './errors.ts';
import { currentOrderId, revivedTradeId } from './revival.ts';
import { callbackToken } from './signature.ts';
import { RECORD_STATUSES } from './statuses.ts';
import { readQueriedOrder } from './truth.ts';
import type { QueriedOrder } from './truth.ts';
import { readWishedItems, recordsOf } from './wished-items.ts';

/** `status` of an update (sheet, 4.2). */
const UPDATES: Readonly<Record<string, { readonly call: string; readonly status: string }>> = {
  paid: { call: 'order.paid', status: '1' },
  'refund-at-machine': { call: 'order.refund', status: '2' },
  close: { call: 'order.close', status: '3' },
};

const orderIdOf = currentOrderId;
const machineOf = ({ order, params }: ActionRequest): string | undefined =>
  order.store ?? (typeof params['machineNo'] === 'string' ? params['machineNo'] : undefined);

type Fault = ParamFault;

/** The call of an action, or what is missing for it. */
function wantedOf(account: AccountView, request: ActionRequest): Wanted | readonly Fault[] {
  const machineNo = machineOf(request);
  if (machineNo === undefined) return [{ field: 'order', message: 'names no machine' }];
  if (request.action === 'create' || request.action === 'revive') return creationWanted(account, request, machineNo);
  const orderId = orderIdOf(request);
  if (orderId === undefined) return [{ field: 'order', message: 'has no number of the platform' }];
  if (request.action === 'query') return orderWanted(orderId, machineNo);
  if (request.action === 'dispense') return dispenseWanted(request, orderId, machineNo);
  const update = Object.hasOwn(UPDATES, request.action) ? UPDATES[request.action] : undefined;
  if (update === undefined) return [{ field: 'action', message: 'is not one of this platform' }];
  const { call, status } = update;
  return { call, method: 'PUT', path: `/orders/${orderId}`, payload: { machine_no: machineNo, status } };
}

/** Plain JSON, unsigned (sheet, 4.1), with an address that only this order has. */
function creationWanted(account: AccountView, request: ActionRequest, machineNo: string): Wanted | readonly Fault[] {
  const own = aliasOf(request, 'merchant', /^[0-9A-Za-z_-]{20,32}$/u);
  const tradeId = own !== undefined && request.action === 'revive' ? revivedTradeId(own) : own;
  const read = readWishedItems(request.params['items']);
  if (tradeId === undefined) return [{ field: 'order', message: 'has no number of 20 to 32 characters' }];
  if (!read.ok) return read.faults;
  if (request.callbackBase === undefined) return [{ field: 'order', message: 'has no address to be called back at' }];
  const isOne = oneItemPerDispense(account.settings['oneItemPerDispense'], machineNo);
  const body = {
    machine_no: machineNo,
    notify_url: `${request.callbackBase}/${callbackToken(account, { tradeId, machineNo })}`,
    trade_id: tradeId,
    products: recordsOf(read.items, isOne).map(({ productId, quantity }) => ({ product_id: productId, quantity })),
  };
  return { call: 'order.create', method: 'POST', path: '/orders', body: JSON.stringify(body) };
}

/** Slowest of the calls: it may keep the platform waiting for the machine. */
function dispenseWanted(request: ActionRequest, orderId: string, machineNo: string): Wanted | readonly Fault[] {
  const record = textParam(request, 'record');
  const part = request.order.json.parts.find(({ line }) => line === record);
  if (record === undefined || part === undefined) return [{ field: 'record', message: 'is not one of this order' }];
  if (!isWaiting(part)) return [{ field: 'record', message: 'was tried already' }];
  const payload = { machine_no: machineNo, method: 'device.delivery.put', order_id: orderId, record_id: record };
  return { call: 'delivery.put', method: 'POST', path: '/deliveries', payload };
}

function prepare(account: AccountView, request: ActionRequest): PreparedAction {
  const spec = specs.find(({ name }) => name === request.action);
  if (spec === undefined || spec.atOnce === true)
    return { ok: false, faults: [{ field: 'action', message: 'is no call to this platform' }] };
  const faults: Fault[] = [...paramFaults(spec.params, request.params)];
  if (!hasCredentials(account)) faults.push({ field: 'account', message: 'has no appid, appSecret or merchantKey' });
  if (faults.length > 0) return { ok: false, faults };
  const wanted = wantedOf(account, request);
  return 'call' in wanted
    ? { ok: true, request: requestFor(account, wanted, request.at) }
    : { ok: false, faults: wanted };
}

function doAtOnce(_account: AccountView, request: ActionRequest): DoneAtOnce {
  if (request.action === 'cancel') return { ok: true, reports: [cancelReport(request)] };
  const { amount } = request.params;
  if (typeof amount !== 'number')
    return { ok: false, faults: [{ field: 'amount', message: 'is missing: what is due is not known' }] };
  return { ok: true, reports: [refundDoneReport(request, amount)] };
}

function conclude(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const answer = readAnswer(account, response);
  if (!answer.ok) return concludeRefusal(request, answer.refusal, response);
  switch (request.action) {
    case 'revive':
    case 'create': {
      const data = isLosslessObject(answer.value) ? new JsonReader(answer.value, 'data.') : undefined;
      const orderId = data?.number('order_id');
      if (orderId !== undefined) return { state: 'succeeded', reports: [createdReport(request, orderId)] };
      // The goods are held. The same again is known by its trade id, and is the only question there is.
      return { state: 'unknown', reason: 'The platform created the order but did not say its number.' };
    }
    case 'paid':
      return { state: 'succeeded', reports: [paidReport(request)] };
    case 'close':
      return { state: 'succeeded', reports: [closedReport(request)] };
    case 'refund-at-machine':
      return { state: 'succeeded', reports: [turnedToRefundReport(request)] };
    case 'dispense':
      // Taken in; whether an item comes out is told by the machine within two minutes, or asked for.
      return { state: 'unknown', reason: 'The machine has its command.' };
    default: {
      const read = readTruthOf(account, request, answer.value);
      return read.ok ? { state: 'succeeded', reports: read.value.reports } : { state: 'failed', refusal: read.refusal };
    }
  }
}

const readTruthOf = (
  account: AccountView,
  request: ActionRequest,
  data: Parameters<typeof readQueriedOrder>[1],
): ReturnType<typeof readQueriedOrder> =>
  readQueriedOrder(
    account,
    data,
    { orderId: orderIdOf(request) ?? '', tradeId: aliasOf(request, 'merchant'), items: request.order.json.items },
    request.at,
  );

const unknown = ({ code, message }: PlatformRefusal): ActionOutcome => ({
  state: 'unknown',
  reason: `${code}: ${message}`,
});
const failed = (refusal: PlatformRefusal): ActionOutcome => ({ state: 'failed', refusal });

function concludeRefusal(request: ActionRequest, refusal: PlatformRefusal, response: PlatformResponse): ActionOutcome {
  const { code } = refusal;
  switch (request.action) {
    case 'revive':
    case 'create':
      return concludeNotCreated(request, refusal, response);
    case 'paid':
      if (PAID_CODES.has(code))
        return { state: 'succeeded', reports: [paidReport(request)], answer: { already: code } };
      // The order is over there, and the money is here: it is owed back.
      if (EXPIRED_CODES.has(code))
        return { state: 'failed', refusal, reports: [{ ...paidReport(request), doubt: 'dispense' }] };
      return STATE_CODES.has(code) ? unknown(refusal) : failed(refusal);
    case 'close':
      if (EXPIRED_CODES.has(code))
        return { state: 'succeeded', reports: [closedReport(request)], answer: { already: code } };
      return STATE_CODES.has(code) ? unknown(refusal) : failed(refusal);
    case 'refund-at-machine':
      return STATE_CODES.has(code) ? unknown(refusal) : failed(refusal);
    case 'dispense':
      if (EXPIRED_CODES.has(code) || (refusal.class === 'final' && refusal.kind === 'offline'))
        return { state: 'failed', refusal, reports: [givenUpReport(request, code)] };
      // A gateway may say no while the machine turns.
      return STATE_CODES.has(code) || DISPENSED_CODES.has(code) || isDoubtful(refusal)
        ? unknown(refusal)
        : failed(refusal);
    default:
      return failed(refusal);
  }
}

const isDoubtful = ({ class: kind, code }: PlatformRefusal): boolean => kind === 'retry' && /^http_[25]/u.test(code);

/**
 * A trade id that exists is an order of ours whose answer was lost, or somebody else's: a second one is never made. Its
 * number is taken where the refusal names it. A machine that is away sells nothing: whoever stands before it is told now.
 */
function concludeNotCreated(
  request: ActionRequest,
  refusal: PlatformRefusal,
  response: PlatformResponse,
): ActionOutcome {
  if (refusal.kind === 'offline') return failed({ ...refusal, class: 'final' });
  if (refusal.kind !== 'duplicate') return failed(refusal);
  const data = refusedData(response);
  const orderId = data === undefined ? undefined : new JsonReader(data).number('order_id');
  if (orderId === undefined) return failed(refusal);
  return { state: 'succeeded', reports: [createdReport(request, orderId)], answer: { already: refusal.code } };
}

/** About an order that is being made nothing can be asked: the platform's own number is what its query wants. */
function prepareQuestion(account: AccountView, request: ActionRequest): OutgoingRequest | undefined {
  if (request.action === 'create' || request.action === 'revive') return undefined;
  return requestFor(account, orderWanted(orderIdOf(request) ?? '0', machineOf(request) ?? ''), request.at);
}

/** What the order says of an action whose answer was lost or said nothing (sheet, 4.3). */
function concludeQuestion(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const answer = readAnswer(account, response);
  if (!answer.ok) return unknown(answer.refusal);
  const read = readTruthOf(account, request, answer.value);
  if (!read.ok) return unknown(read.refusal);
  const { status, reports } = read.value;
  const isPaid = status === 'SUCCESS' || status === 'PICKUPCODE';
  const isOver = ['CLOSED', 'REVOKED', 'PAYERROR', 'REFUND'].includes(status);
  switch (request.action) {
    case 'dispense':
      return concludeDispensed(request, read.value, isOver);
    case 'paid':
      if (isPaid) return { state: 'succeeded', reports: [...reports, paidReport(request)] };
      return isOver ? over(status, [...reports, paidReport(request)]) : still(status);
    case 'close':
      if (isPaid) return over(status, reports);
      return isOver ? { state: 'succeeded', reports: [...reports, closedReport(request)] } : still(status);
    case 'refund-at-machine':
      return isOver ? { state: 'succeeded', reports } : still(status);
    default:
      return still(status);
  }
}

const still = (status: string): ActionOutcome => ({ state: 'unknown', reason: `The order is ${status} there.` });
const over = (status: string, reports: QueriedOrder['reports']): ActionOutcome => ({
  state: 'failed',
  refusal: { class: 'final', code: status, message: `The order is ${status} there.` },
  reports,
});

function concludeDispensed(
  request: ActionRequest,
  { records, reports }: QueriedOrder,
  isOrderOver: boolean,
): ActionOutcome {
  const record = textParam(request, 'record') ?? '';
  const status = records.get(record) ?? '';
  const row = Object.hasOwn(RECORD_STATUSES, status) ? RECORD_STATUSES[status] : undefined;
  const refused = (code: string): ActionOutcome => ({
    state: 'failed',
    refusal: { class: 'final', code, message: `The record is ${code} there.` },
    reports,
  });
  // Where the word hides whether it was tried, the machine's own report is all there is.
  const reported = request.order.json.parts.find(({ line }) => line === record)?.fulfilment;
  const fulfilment = row?.vague === true ? reported : row?.fulfilment;
  if (fulfilment === 'delivered') return { state: 'succeeded', reports };
  if (fulfilment === 'failed') return refused(status);
  if (isOrderOver) return refused('order_closed');
  const reason = `The record is ${status === '' ? 'not there yet' : status} there.`;
  if (row?.fulfilment !== 'none' || row.vague === true) return { state: 'unknown', reason };
  // An attempt would have ended by then, or be given up by the platform: it never had the command, and waits for one.
  const never = { class: 'final', code: 'never_commanded', message: reason } as const;
  const given = givenUpReport(request, never.code);
  return { state: 'unknown', reason, atLast: { state: 'failed', refusal: never, reports: [...reports, given] } };
}

export const actions: Actions = { specs, prepare, doAtOnce, conclude, prepareQuestion, concludeQuestion };
