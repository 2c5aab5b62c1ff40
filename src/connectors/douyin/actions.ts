import { paramFaults } from '../../core/action-params.ts';
import type { ParamFault } from '../../core/action-params.ts';
import type { ActionOutcome, ActionRequest, Actions, DoneAtOnce, PreparedAction } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { isLosslessObject, scalarText, toPlainJson } from '../../core/json.ts';
import type { Json, LosslessObject } from '../../core/json.ts';
import type { OutgoingRequest, PlatformResponse } from '../../core/outgoing.ts';
import { refundLine } from '../../core/registers.ts';
import { specs } from './action-specs.ts';
import { ecpayRequest, pushRequest, readAnswer, tradeRequest } from './client.ts';
import type { Answered } from './client.ts';
import { pushBody } from './order-centre.ts';
import { generationOfOrder, numberOf, settleLine, settleNumber } from './order-numbers.ts';
import { textSetting } from './payment-settings.ts';
import { splitFaults, splitText } from './splits.ts';
import { checkoutOf } from './trade-checkout.ts';
import { readTradePayment } from './trade-truth.ts';
import { readEcpayPayment } from './truth.ts';
import { paymentFaults, PAYMENT_FIELDS } from './wished-payment.ts';

/** 256 characters, https and port 443 (sheet, 1.1). */
const NOTIFY_LENGTH = 256;

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const generationFor = (account: AccountView, { order }: ActionRequest): 'ecpay' | 'trade' =>
  generationOfOrder({ aliases: order.aliases, platformFields: order.json.platformFields }, account);
const merchantNo = ({ order }: ActionRequest): string | undefined => numberOf(order.aliases, 'merchant');
const platformNo = ({ order }: ActionRequest): string | undefined => numberOf(order.aliases, 'platform');

type Wanted = { readonly request: OutgoingRequest } | { readonly faults: readonly ParamFault[] };
const lacks = (field: string, message: string): Wanted => ({ faults: [{ field, message }] });

const HTTPS_443 = /^https:\/\/(?:\[[^\]/]+\]|[^/:]+)(?::443)?\//u;

/** Where the platform calls back about this very order; its rule of https alone is the hub's to waive (private targets). */
function notifyUrl({ callbackBase = '', plainCallbacks = false }: ActionRequest): string | undefined {
  const fits = plainCallbacks ? /^https?:\/\//u.test(callbackBase) : HTTPS_443.test(callbackBase);
  return fits && callbackBase.length <= NOTIFY_LENGTH ? callbackBase : undefined;
}

function create(account: AccountView, request: ActionRequest): Wanted {
  const { params } = request;
  const outOrderNo = merchantNo(request);
  const url = notifyUrl(request);
  if (outOrderNo === undefined) return lacks('order', 'has no number of the merchant');
  if (url === undefined)
    return lacks(
      'order',
      'has no address to be called back at: https, port 443, at most 256 characters (HUIDAN_PUBLIC_URL)',
    );
  const faults = paymentFaults(PAYMENT_FIELDS, params, outOrderNo);
  if (faults.length > 0) return { faults };
  return {
    request: ecpayRequest(account, 'create_order', {
      out_order_no: outOrderNo,
      total_amount: Number(params['amount']),
      // Trimmed, since implementations differ in which blanks they cut before signing.
      subject: text(params['subject'])?.trim(),
      body: (text(params['body']) ?? text(params['subject']))?.trim(),
      valid_time: Number(params['validSeconds']),
      cp_extra: text(params['cpExtra'])?.trim(),
      notify_url: url,
      store_uid: text(params['storeUid']),
    }),
  };
}

function query(account: AccountView, request: ActionRequest): Wanted {
  const outOrderNo = merchantNo(request);
  if (generationFor(account, request) === 'trade') {
    const orderId = platformNo(request);
    if (outOrderNo === undefined && orderId === undefined) return lacks('order', 'has no number');
    const about = orderId === undefined ? { out_order_no: outOrderNo } : { order_id: orderId };
    return { request: tradeRequest(account, 'order_query', about, request.accessToken ?? '') };
  }
  if (outOrderNo === undefined) return lacks('order', 'has no number of the merchant, which alone can be asked for');
  return { request: ecpayRequest(account, 'query_order', { out_order_no: outOrderNo }) };
}

function refund(account: AccountView, request: ActionRequest): Wanted {
  const { params, number, order, accessToken = '' } = request;
  const { paid, refunded } = order.json.amounts;
  const amount = typeof params['amount'] === 'number' ? params['amount'] : (paid ?? 0) - (refunded ?? 0);
  const reason = (text(params['reason']) ?? '').trim();
  const url = notifyUrl(request);
  if (amount < 1) return lacks('amount', 'must be at least 1 fen');
  if (generationFor(account, request) === 'trade') {
    const orderId = platformNo(request);
    if (orderId === undefined) return lacks('order', 'has no number of the platform');
    const orderNo = merchantNo(request);
    const path = textSetting(account, 'orderEntryPath') ?? '';
    const schemaParams = JSON.stringify({ order_id: orderId, out_order_no: orderNo, out_refund_no: number });
    return {
      request: tradeRequest(
        account,
        'refund_create',
        {
          order_id: orderId,
          out_refund_no: number,
          refund_total_amount: amount,
          refund_reason: [{ code: 999, text: reason }],
          order_entry_schema: { path, params: schemaParams },
          ...(url === undefined ? {} : { notify_url: url }),
        },
        accessToken,
      ),
    };
  }
  const outOrderNo = merchantNo(request);
  if (outOrderNo === undefined) return lacks('order', 'has no number of the merchant');
  return {
    request: ecpayRequest(account, 'create_refund', {
      out_order_no: outOrderNo,
      out_refund_no: number,
      reason,
      refund_amount: amount,
      notify_url: url,
    }),
  };
}

const FINISH: Readonly<Record<string, readonly [string, string]>> = {
  true_false: ['true', 'false'],
  one_zero: ['1', '0'],
};

const isLast = ({ params }: ActionRequest): boolean => params['final'] !== false;

function settle(account: AccountView, request: ActionRequest): Wanted {
  const { params, number, order, accessToken = '' } = request;
  const outOrderNo = merchantNo(request);
  if (outOrderNo === undefined) return lacks('order', 'has no number of the merchant');
  const isTrade = generationFor(account, request) === 'trade';
  const { paid, refunded } = order.json.amounts;
  const faults = splitFaults(params['splits'] ?? [], (paid ?? 0) - (refunded ?? 0), isTrade);
  if (faults.length > 0) return { faults };
  const spelled = FINISH[text(account.settings['settleFinish']) ?? 'true_false'];
  if (spelled === undefined && !isLast(request))
    return lacks('final', 'must be true: the account does not send the mark of the last split');
  const outSettleNo = settleNumber(number, isLast(request));
  const description = (text(params['description']) ?? '').trim();
  const splits = splitText(params['splits'] ?? []);
  const url = notifyUrl(request);
  if (isTrade) {
    const body = {
      out_order_no: outOrderNo,
      out_settle_no: outSettleNo,
      settle_desc: description,
      ...(splits === undefined ? {} : { settle_params: splits }),
      ...(url === undefined ? {} : { notify_url: url }),
    };
    return { request: tradeRequest(account, 'settle_create', body, accessToken) };
  }
  return {
    request: ecpayRequest(account, 'settle', {
      out_settle_no: outSettleNo,
      out_order_no: outOrderNo,
      settle_desc: description,
      settle_params: splits,
      finish: spelled?.[isLast(request) ? 0 : 1],
      notify_url: url,
    }),
  };
}

function unsettled(account: AccountView, request: ActionRequest): Wanted {
  const outOrderNo = merchantNo(request);
  if (generationFor(account, request) === 'trade') return lacks('action', 'is one of guaranteed payment alone');
  if (outOrderNo === undefined) return lacks('order', 'has no number of the merchant');
  return { request: ecpayRequest(account, 'unsettle_amount', { out_order_no: outOrderNo }) };
}

function push(account: AccountView, request: ActionRequest): Wanted {
  if (generationFor(account, request) === 'trade') return lacks('action', 'is one of guaranteed payment alone');
  const made = pushBody(account, request);
  return made.ok ? { request: pushRequest(account, made.body) } : { faults: made.faults };
}

const CALLS: Readonly<Record<string, (account: AccountView, request: ActionRequest) => Wanted>> = {
  create,
  query,
  refund,
  settle,
  unsettled,
  push,
};

function prepare(account: AccountView, request: ActionRequest): PreparedAction {
  const spec = specs.find(({ name }) => name === request.action);
  const call = Object.hasOwn(CALLS, request.action) ? CALLS[request.action] : undefined;
  if (spec === undefined || call === undefined)
    return { ok: false, faults: [{ field: 'action', message: 'is not one of this platform' }] };
  const faults = [...paramFaults(spec.params, request.params)];
  if (account.credential('appId') === undefined) faults.push({ field: 'account', message: 'has no appId' });
  const signs = request.action !== 'push' && generationFor(account, request) === 'ecpay';
  if (signs && account.secrets('salt').length === 0)
    faults.push({ field: 'account', message: 'has no salt to sign with' });
  if (faults.length > 0) return { ok: false, faults };
  const wanted = call(account, request);
  return 'request' in wanted ? { ok: true, request: wanted.request } : { ok: false, faults: wanted.faults };
}

/** Signs an order of the trade system for the customer's app, which makes it (`tt.requestOrder`). */
function doAtOnce(account: AccountView, request: ActionRequest): DoneAtOnce {
  const made = checkoutOf(account, request, notifyUrl(request));
  if (!made.ok) return made;
  return { ok: true, reports: [], answer: { signed: true }, handOver: made.checkout };
}

function conclude(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const family = request.action === 'push' ? 'push' : generationFor(account, request);
  const answered = readAnswer(family, response);
  if (answered.kind === 'unknown') return { state: 'unknown', reason: answered.reason };
  if (answered.kind === 'refused') {
    const { refusal } = answered;
    // Only the user's app makes an order of the trade system: one that the platform neither named nor knows was never
    // begun to be paid.
    const isUnheardOf = family === 'trade' && refusal.class === 'final' && platformNo(request) === undefined;
    if (isUnheardOf && request.action === 'query' && request.order.json.payment === 'unpaid')
      return { state: 'succeeded', reports: [], answer: { unknown: refusal.code, message: refusal.message } };
    // Our numbers are used once, so the platform has it from an earlier sending of this very action.
    const isOurs = refusal.kind === 'duplicate' && (request.action === 'refund' || request.action === 'settle');
    return isOurs
      ? { state: 'succeeded', reports: [takenIn(account, request, new Map())], answer: { already: refusal.message } }
      : { state: 'failed', refusal };
  }
  return CONCLUSIONS[request.action]?.(account, request, answered) ?? { state: 'succeeded', reports: [] };
}

type Answer = Extract<Answered, { readonly kind: 'ok' }>;

const logged = ({ logId }: Answer): { readonly logId?: string } => (logId === undefined ? {} : { logId });

const CONCLUSIONS: Readonly<
  Record<string, (account: AccountView, request: ActionRequest, answer: Answer) => ActionOutcome>
> = {
  create: concludeCreate,
  query: concludeQuery,
  refund: concludeTaken,
  settle: concludeTaken,
  unsettled(_account, _request, answer) {
    const data = answer.fields.get('data');
    const said = isLosslessObject(data) ? toPlainJson(data) : null;
    return { state: 'succeeded', reports: [], answer: { ...logged(answer), unsettled: said } };
  },
  push: (_account, _request, answer) => ({ state: 'succeeded', reports: [], answer: logged(answer) }),
};

function concludeCreate(_account: AccountView, request: ActionRequest, answer: Answer): ActionOutcome {
  const data = answer.fields.get('data');
  const orderId = isLosslessObject(data) ? scalarText(data.get('order_id')) : undefined;
  const orderToken = isLosslessObject(data) ? scalarText(data.get('order_token')) : undefined;
  const outOrderNo = merchantNo(request);
  if (orderId === undefined || orderId === '' || orderId.length > 64 || orderToken === undefined || orderToken === '')
    return { state: 'unknown', reason: 'The answer has no order_id or no order_token.' };
  const named: Report = {
    aliases: [
      { kind: 'platform', value: orderId },
      ...(outOrderNo === undefined ? [] : [{ kind: 'merchant', value: outOrderNo } as const]),
    ],
    kind: 'payment',
    at: request.at,
    facts: [],
  };
  return {
    state: 'succeeded',
    reports: [named],
    answer: { ...logged(answer), orderId },
    handOver: { orderId, orderToken },
  };
}

function concludeQuery(account: AccountView, request: ActionRequest, answer: Answer): ActionOutcome {
  const { aliases } = request.order;
  const read =
    generationFor(account, request) === 'trade'
      ? readTradePayment(answer.fields, aliases, request.at, account)
      : readEcpayPayment(answer.fields, aliases, request.at);
  if (!read.ok)
    return { state: 'failed', refusal: { class: 'final', code: 'unreadable_answer', message: read.reason } };
  const { report, status } = read.value;
  return { state: 'succeeded', reports: [report], answer: { ...logged(answer), status } };
}

/** Taken in is not done: the result comes by callback, or is asked for. */
function concludeTaken(account: AccountView, request: ActionRequest, answer: Answer): ActionOutcome {
  const report = takenIn(account, request, answer.fields);
  return { state: 'succeeded', reports: [report], answer: { ...logged(answer), number: request.number } };
}

function takenIn(_account: AccountView, request: ActionRequest, answer: LosslessObject): Report {
  const { order, number, params, at } = request;
  const data = answer.get('data');
  const textOf = (name: string): string | undefined =>
    scalarText(answer.get(name)) ?? (isLosslessObject(data) ? scalarText(data.get(name)) : undefined);
  const [first, ...others] = order.aliases;
  if (first === undefined) throw new TypeError('an order without a number was acted on');
  const facts: Fact[] = [];
  if (request.action === 'refund') {
    const { paid, refunded } = order.json.amounts;
    const amount = typeof params['amount'] === 'number' ? params['amount'] : (paid ?? 0) - (refunded ?? 0);
    const theirs = textOf('refund_no') ?? textOf('refund_id');
    facts.push({ line: refundLine(number), register: 'refund', value: { state: 'requested', amount } });
    if (theirs !== undefined && theirs !== '')
      facts.push({ line: refundLine(number), register: 'platformFields', value: { refund_no: theirs } });
  } else {
    const theirs = textOf('settle_no') ?? textOf('settle_id') ?? '';
    const value = { status: 'PROCESSING', ...(theirs === '' ? {} : { settle_no: theirs }) };
    facts.push({ line: settleLine(settleNumber(number, isLast(request))), register: 'platformFields', value });
  }
  return { aliases: [first, ...others], kind: 'payment', at, facts };
}

/** What can be done at the platform. No question after silence: the same number again is one (sheet, 0). */
export const actions: Actions = { specs, prepare, doAtOnce, conclude };
