import { degreesText, paramFaults, placeFaults } from '../../core/action-params.ts';
import type { ParamFault } from '../../core/action-params.ts';
import type { ActionOutcome, ActionRequest, Actions, PreparedAction } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import { NumberText } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import type { PlatformRefusal, PlatformResponse } from '../../core/outgoing.ts';
import { ANOTHER_REQUEST, answeredRequest, isAboutRequest, REQUEST_NOT_KNOWN } from '../../core/takeaway-actions.ts';
import { actionReports } from './action-reports.ts';
import { CANCEL_TYPES, specs } from './action-specs.ts';
import { isSet } from '../../core/account-fields.ts';
import { readReply, signedRequest } from './client.ts';
import type { WantedAction } from './client.ts';
import { isAnsweredRequest, openRequest } from './open-request.ts';
import { readQueriedOrder, REFUND_STATUSES, resultObject } from './truth.ts';

type Params = Readonly<Record<string, Lossless>>;

/** What an action's parameters are made of, once everything was checked. */
interface Made {
  readonly request: ActionRequest;
  readonly orderId: string;
  /** The platform's number of the shop; for the actions that name the shop beside the order. */
  readonly shopId: string;
  readonly phone: string;
}

interface Call {
  readonly action: string;
  params(made: Made): Params;
  readonly needs?: 'shop' | 'phone';
  /** Words of a business error which says that it is done already; no list of them is public. */
  readonly already?: RegExp;
}

const text = ({ params }: ActionRequest, name: string): string | undefined => {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
};
const map = (fields: Params): ReadonlyMap<string, Lossless> => new Map(Object.entries(fields));
/** Our own riders and those of the merchant are one company to the platform: self delivery. */
const SELF_DELIVERY = new NumberText('201');

const CALLS: Readonly<Record<string, Call>> = {
  accept: {
    action: 'eleme.order.confirmOrderLite',
    params: ({ orderId }) => ({ orderId }),
    already: /已经?(?:被?确认|接单)|already.{0,8}confirm/iu,
  },
  cancel: {
    action: 'eleme.order.cancelOrderLite',
    params({ orderId, request }) {
      const type = text(request, 'reasonCode') ?? 'others';
      return { orderId, type, remark: text(request, 'reason') ?? CANCEL_TYPES.get(type) ?? '其他原因' };
    },
    already: /已经?被?(?:取消|无效)|already.{0,8}(?:cancel|invalid)/iu,
  },
  'agree-refund': {
    action: 'eleme.order.agreeRefundLite',
    params: ({ orderId }) => ({ orderId }),
    already: /已经?同意|already.{0,8}agree/iu,
  },
  'reject-refund': {
    action: 'eleme.order.disagreeRefundLite',
    params: ({ orderId, request }) => ({ orderId, reason: text(request, 'reason') ?? '' }),
    already: /已经?(?:拒绝|驳回)|already.{0,8}(?:disagree|reject)/iu,
  },
  ready: {
    action: 'eleme.order.setOrderPrepared',
    params: ({ orderId }) => ({ orderId }),
    already: /已经?出餐|already.{0,8}prepared/iu,
  },
  // The one state that integrators are seen to send: a rider has taken the order on.
  assign: {
    action: 'eleme.order.selfDeliveryStateSync',
    needs: 'shop',
    params: ({ orderId, shopId, request }) => ({
      shopId: new NumberText(shopId),
      stateInfo: map({
        orderId,
        distributorId: SELF_DELIVERY,
        knight: map({ id: '', name: text(request, 'name') ?? '', phone: text(request, 'phone') ?? '' }),
        state: 'DELIVERY_START',
      }),
    }),
  },
  'picked-up': {
    action: 'eleme.order.startDeliveryBySelf',
    needs: 'phone',
    params: ({ orderId, phone }) => ({ orderId, phone }),
    already: /已经?(?:送出|(?:开始|在)?配送)|already.{0,8}(?:start|deliver)/iu,
  },
  position: {
    action: 'eleme.order.selfDeliveryLocationSync',
    needs: 'shop',
    params: ({ orderId, shopId, request }) => ({
      shopId: new NumberText(shopId),
      orderId,
      locationInfo: map({
        latitude: degrees(request, 'lat'),
        longitude: degrees(request, 'lng'),
        altitude: new NumberText('0'),
        utc: new NumberText(String(Math.floor(request.at / 1000))),
      }),
    }),
  },
  delivered: {
    action: 'eleme.order.completeDeliveryBySelf',
    needs: 'phone',
    params: ({ orderId, phone }) => ({ orderId, phone }),
    already: /已经?(?:送达|完成)|already.{0,8}(?:delivered|completed)/iu,
  },
  query: { action: 'eleme.order.getOrder', params: ({ orderId }) => ({ orderId }) },
};

const degrees = ({ params }: ActionRequest, name: string): NumberText => {
  const value = params[name];
  return new NumberText(typeof value === 'number' ? degreesText(value) : '0');
};
const numberOf = ({ order }: ActionRequest): string =>
  order.aliases.find(({ kind, value }) => kind === 'platform' && /^\d{1,20}$/u.test(value))?.value ?? '';
const tokenOf = ({ order }: ActionRequest): string => order.storeToken?.accessToken ?? '';
/** The order's JSON is masked, so the number of the assigned rider comes beside it; one that the platform masked is none. */
const phoneOf = (request: ActionRequest): string => {
  const known = request.order.rider?.phone ?? '';
  return text(request, 'phone') ?? (known.includes('*') ? '' : known);
};

function shopOf(account: AccountView, { order }: ActionRequest): string {
  const { store } = order.json;
  return !isSet(account, 'storeRef', 'openId') && /^\d{1,18}$/u.test(store ?? '') ? (store ?? '') : '';
}

function prepare(account: AccountView, request: ActionRequest): PreparedAction {
  const spec = specs.find(({ name }) => name === request.action);
  const call = Object.hasOwn(CALLS, request.action) ? CALLS[request.action] : undefined;
  if (spec === undefined || call === undefined)
    return { ok: false, faults: [{ field: 'action', message: 'is not one of this platform' }] };
  const made: Made = {
    request,
    orderId: numberOf(request),
    shopId: shopOf(account, request),
    phone: phoneOf(request),
  };
  const token = tokenOf(request);
  const faults: ParamFault[] = [...paramFaults(spec.params, request.params)];
  const fault = (field: string, message: string): void => {
    if (!faults.some((other) => other.field === field)) faults.push({ field, message });
  };
  if (request.action === 'position')
    for (const { field, message } of placeFaults(request.params)) fault(field, message);
  const [answered, open] = [answeredRequest(request), openRequest(request.order.lines ?? {})];
  if (answered !== undefined && open !== undefined && open !== answered)
    fault('request', 'is not the one that is open');
  if (made.orderId === '') fault('order', 'has no number of the platform');
  if (token === '') fault('store', 'is not authorised, so there is no token');
  if (call.needs === 'shop' && made.shopId === '') fault('store', 'has no number of the platform');
  if (call.needs === 'phone' && made.phone === '') fault('phone', 'is missing, and no rider’s phone is known');
  if (account.secrets('appSecret').length === 0) fault('account', 'has no appSecret');
  if (faults.length > 0) return { ok: false, faults };
  const wanted: WantedAction = { action: call.action, token, params: map(call.params(made)) };
  return { ok: true, request: signedRequest(account, wanted, request.at) };
}

function conclude(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const reply = readReply(response);
  if (!reply.ok) return concludeRefusal(request, reply.refusal);
  if (request.action !== 'query') return { state: 'succeeded', reports: actionReports(request) };
  const read = readOrderReply(account, request, reply.value);
  return read.ok ? { state: 'succeeded', reports: read.value.reports } : { state: 'failed', refusal: read.refusal };
}

function concludeRefusal(request: ActionRequest, refusal: PlatformRefusal): ActionOutcome {
  const already = CALLS[request.action]?.already;
  if (already?.test(refusal.message) === true)
    return { state: 'succeeded', reports: actionReports(request), answer: { already: refusal.message } };
  const asks = specs.find(({ name }) => name === request.action)?.onSilence === 'ask';
  // Beyond the limit nothing was done; behind any other failure of the server's it may have been.
  const isDoubtful = refusal.class === 'retry' && refusal.code !== 'EXCEED_LIMIT';
  return asks && isDoubtful
    ? { state: 'unknown', reason: `${refusal.code}: ${refusal.message}` }
    : { state: 'failed', refusal };
}

function readOrderReply(account: AccountView, request: ActionRequest, result: Lossless) {
  const body = resultObject(result, 'eleme.order.getOrder');
  if (!body.ok) return body;
  const status = body.value.text('status') ?? '';
  const read = readQueriedOrder(body.value, { account, number: numberOf(request), at: request.at });
  return read.ok ? { ok: true as const, value: { reports: read.value, status } } : read;
}

const failure = (kind: PlatformRefusal['class'], code: string, message: string): ActionOutcome => ({
  state: 'failed',
  refusal: { class: kind, code, message },
});
const KNOWS_NOTHING = 'The platform knows nothing of it.';
const NOT_DONE: ActionOutcome = {
  state: 'failed',
  refusal: { class: 'retry', kind: 'not_done', code: 'not_done', message: KNOWS_NOTHING },
};
function concludeQuestion(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const reply = readReply(response);
  if (!reply.ok) return { state: 'unknown', reason: `${reply.refusal.code}: ${reply.refusal.message}` };
  if (isAboutRequest(request)) return concludeRequest(request, reply.value);
  const read = readOrderReply(account, request, reply.value);
  if (!read.ok) return { state: 'unknown', reason: read.refusal.message };
  const { reports, status } = read.value;
  const succeeded: ActionOutcome = { state: 'succeeded', reports: [...reports, ...actionReports(request)] };
  if (request.action === 'cancel') {
    if (status === 'invalid') return succeeded;
    return status === 'settled'
      ? failure('final', 'settled', 'The order is completed, so it was not cancelled.')
      : NOT_DONE;
  }
  if (status === 'valid' || status === 'settled') return succeeded;
  if (status === 'invalid') return failure('final', 'invalid', 'The order was cancelled, so it was not accepted.');
  // While a request of the user is open the order does not tell whether it was accepted.
  return status === 'refunding' ? { state: 'unknown', reason: 'A request of the user is open.' } : NOT_DONE;
}

function concludeRequest(request: ActionRequest, result: Lossless): ActionOutcome {
  const body = resultObject(result, 'eleme.order.getRefundOrder');
  if (!body.ok) return { state: 'unknown', reason: body.refusal.message };
  const told = body.value.text('refundStatus') ?? '';
  const state = Object.hasOwn(REFUND_STATUSES, told) ? REFUND_STATUSES[told] : undefined;
  if (state === undefined) return { state: 'unknown', reason: 'The request has a status that is not known.' };
  if (told === 'applied') {
    if (answeredRequest(request) === undefined) return REQUEST_NOT_KNOWN;
    return isAnsweredRequest(request, body.value) ? NOT_DONE : ANOTHER_REQUEST;
  }
  const isAgreed = request.action === 'agree-refund';
  // A request in arbitration was refused before.
  const isDone = isAgreed ? state === 'succeeded' : told === 'rejected' || told === 'arbitrating';
  return isDone
    ? { state: 'succeeded', reports: actionReports(request) }
    : failure('final', 'decided_otherwise', 'The request was decided otherwise meanwhile.');
}

export const actions: Actions = {
  specs,
  prepare,
  conclude,
  prepareQuestion(account, request) {
    const action = isAboutRequest(request) ? 'eleme.order.getRefundOrder' : 'eleme.order.getOrder';
    const wanted = { action, token: tokenOf(request), params: map({ orderId: numberOf(request) }) };
    return signedRequest(account, wanted, request.at);
  },
  concludeQuestion,
};
