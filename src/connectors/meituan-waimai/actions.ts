import { degreesText, paramFaults, placeFaults } from '../../core/action-params.ts';
import type { ActionOutcome, ActionRequest, Actions, PreparedAction } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import { NumberText } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import type { PlatformRefusal, PlatformResponse } from '../../core/outgoing.ts';
import { ANOTHER_REQUEST, answeredRequest, isAboutRequest, REQUEST_NOT_KNOWN } from '../../core/takeaway-actions.ts';
import { actionReports, cancelReasonOf, reasonCodeOf } from './action-reports.ts';
import { specs } from './action-specs.ts';
import { hasCredentials, readAnswer, signedRequest } from './client.ts';
import type { Wanted } from './client.ts';
import { openRefund, refundNumber } from './open-refund.ts';
import { orderWanted, readQueriedOrder, REFUND_RESULTS, refundEntries, refundsWanted } from './truth.ts';

interface Call {
  /** Last part of the path below `/waimai/order/`. */
  readonly path: string;
  biz(orderId: string, request: ActionRequest): Readonly<Record<string, Lossless>>;
  /**
   * Words of an error which says that it is done already. Only accept's are documented (sheet, 5.2); the others are
   * written alike and could at worst go unrecognised.
   */
  readonly already?: RegExp;
}

const text = ({ params }: ActionRequest, name: string): string | undefined => {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
};
const number = (value: string | number): NumberText => new NumberText(String(value));
const degrees = ({ params }: ActionRequest, name: string): string | undefined => {
  const value = params[name];
  return typeof value === 'number' ? degreesText(value) : undefined;
};

/** Without what is not known: an empty field would be signed or not, which the platform and we could see differently. */
function present(fields: Readonly<Record<string, Lossless | undefined>>): Readonly<Record<string, Lossless>> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Lossless] => entry[1] !== undefined),
  );
}

/** Where a rider is and what is done about the order (sheet, 5.3): degrees as text, the time in seconds. */
const riderPosition = (orderId: string, request: ActionRequest, status: number): Readonly<Record<string, Lossless>> =>
  present({
    backFlowTime: number(Math.floor(request.at / 1000)),
    courierName: text(request, 'name'),
    courierPhone: text(request, 'phone'),
    latitude: degrees(request, 'lat'),
    logisticsStatus: number(status),
    longitude: degrees(request, 'lng'),
    orderId: number(orderId),
  });

/** Fields by name, as in the protocol's own vector. The order's number is text where the official kit types it so. */
const CALLS: Readonly<Record<string, Call>> = {
  accept: {
    path: 'confirm',
    biz: (orderId) => ({ orderId: number(orderId) }),
    already: /已经?(?:被?确认|接单)|already.{0,8}confirm/iu,
  },
  cancel: {
    path: 'cancel',
    biz: (orderId, request) => ({
      orderId: number(orderId),
      reason: cancelReasonOf(request),
      reasonCode: reasonCodeOf(request),
    }),
    already: /已经?被?取消|already.{0,8}cancel/iu,
  },
  'agree-refund': {
    path: 'agreeRefund',
    biz: (orderId, request) => ({ orderId, reason: text(request, 'reason') ?? '同意退款' }),
    already: /已经?同意|already.{0,8}agree/iu,
  },
  'reject-refund': {
    path: 'rejectRefund',
    biz: (orderId, request) => ({ orderId: number(orderId), reason: text(request, 'reason') ?? '' }),
    already: /已经?(?:拒绝|驳回)|already.{0,8}reject/iu,
  },
  ready: {
    path: 'preparationMealComplete',
    biz: (orderId) => ({ orderId }),
    already: /已经?(?:上报)?出餐|already.{0,8}(?:prepared|ready)/iu,
  },
  assign: { path: 'riderPosition', biz: (orderId, request) => riderPosition(orderId, request, 10) },
  'picked-up': {
    path: 'delivering',
    biz: (orderId, request) =>
      present({ courierName: text(request, 'name'), courierPhone: text(request, 'phone'), orderId: number(orderId) }),
    already: /已经?(?:开始|在)?配送|already.{0,8}deliver/iu,
  },
  position: {
    path: 'riderPosition',
    biz: (orderId, request) =>
      riderPosition(orderId, request, request.order.json.fulfilment === 'delivering' ? 20 : 10),
  },
  delivered: {
    path: 'delivered',
    biz: (orderId) => ({ orderId: number(orderId) }),
    already: /已经?(?:送达|完成)|already.{0,8}(?:delivered|completed)/iu,
  },
};

const numberOf = ({ order }: ActionRequest): string | undefined =>
  order.aliases.find(({ kind, value }) => kind === 'platform' && /^\d{1,20}$/u.test(value))?.value;
const tokenOf = ({ order }: ActionRequest): string | null => order.storeToken?.accessToken ?? null;

function wantedOf(request: ActionRequest, orderId: string): Wanted | undefined {
  if (request.action === 'query') return orderWanted(orderId, tokenOf(request));
  const call = Object.hasOwn(CALLS, request.action) ? CALLS[request.action] : undefined;
  if (call === undefined) return undefined;
  return {
    call: `order.${call.path}`,
    path: `/waimai/order/${call.path}`,
    method: 'POST',
    biz: Object.entries(call.biz(orderId, request)),
    token: tokenOf(request),
  };
}

function prepare(account: AccountView, request: ActionRequest): PreparedAction {
  const spec = specs.find(({ name }) => name === request.action);
  const orderId = numberOf(request);
  const wanted = wantedOf(request, orderId ?? '');
  if (spec === undefined || wanted === undefined)
    return { ok: false, faults: [{ field: 'action', message: 'is not one of this platform' }] };
  const { lng, lat } = request.params;
  const hasPlace = request.action === 'position' || lng !== undefined || lat !== undefined;
  const faults = [
    ...paramFaults(spec.params, request.params),
    ...(isAnotherOpen(request) ? [{ field: 'request', message: 'is not the one that is open' }] : []),
    ...(hasPlace && spec.params.some(({ name }) => name === 'lng') ? placeFaults(request.params) : []),
    ...(orderId === undefined ? [{ field: 'order', message: 'has no number of the platform' }] : []),
    ...(tokenOf(request) === null ? [{ field: 'store', message: 'is not bound, so there is no token' }] : []),
    ...(hasCredentials(account) ? [] : [{ field: 'account', message: 'has no developerId or no signKey' }]),
  ];
  if (faults.length > 0) return { ok: false, faults: onePerField(faults) };
  return { ok: true, request: signedRequest(account, wanted, request.at) };
}

/** The first fault of a field says enough: `lng` missing is not told again as out of range. */
const onePerField = <Fault extends { readonly field: string }>(faults: readonly Fault[]): readonly Fault[] =>
  faults.filter(({ field }, index) => faults.findIndex((other) => other.field === field) === index);

function conclude(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const answer = readAnswer(account, response, tokenOf(request));
  if (!answer.ok) return concludeRefusal(request, answer.refusal);
  if (request.action === 'query') return concludeQuery(account, request, answer.value);
  const said = answer.value.text('code') === undefined ? answer.value.text('data') : undefined;
  // Generation 1 says `ok` in either case and nothing else.
  if (said !== undefined && !/^(?:ok|success)$/iu.test(said))
    return failure('final', 'unexpected_answer', 'The platform neither agreed nor said why not.');
  return { state: 'succeeded', reports: actionReports(request) };
}

function concludeRefusal(request: ActionRequest, refusal: PlatformRefusal): ActionOutcome {
  const already = CALLS[request.action]?.already;
  if (already?.test(refusal.message) === true)
    return { state: 'succeeded', reports: actionReports(request), answer: { already: refusal.message } };
  const asks = specs.find(({ name }) => name === request.action)?.onSilence === 'ask';
  return asks && isDoubtful(refusal)
    ? { state: 'unknown', reason: `${refusal.code}: ${refusal.message}` }
    : { state: 'failed', refusal };
}

/** Refusals that may come from a gateway while the order's own service did what was asked. */
const isDoubtful = ({ class: kind, code, message }: PlatformRefusal): boolean =>
  kind === 'retry' &&
  (/^http_5|^unreadable_answer$/u.test(code) || /time.?out|system|超时|系统/iu.test(`${code} ${message}`));

function concludeQuery(account: AccountView, request: ActionRequest, answer: JsonReader): ActionOutcome {
  const read = readQueriedOrder(answer, numberOf(request) ?? '', account);
  return read.ok ? { state: 'succeeded', reports: [read.value.report] } : { state: 'failed', refusal: read.refusal };
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
  const answer = readAnswer(account, response, tokenOf(request));
  if (!answer.ok) return { state: 'unknown', reason: `${answer.refusal.code}: ${answer.refusal.message}` };
  const orderId = numberOf(request) ?? '';
  if (isAboutRequest(request)) return concludeRefund(request, refundEntries(answer.value, orderId));
  const read = readQueriedOrder(answer.value, orderId, account);
  if (!read.ok) return { state: 'unknown', reason: read.refusal.message };
  const { report, status } = read.value;
  if (status === '9') return { state: 'succeeded', reports: [report, ...actionReports(request)] };
  return status === '8' ? failure('final', 'completed', 'The order is completed, so it was not cancelled.') : NOT_DONE;
}

/**
 * The request that was answered decides, and where nobody knew which it was the youngest; only the first is answered once
 * more. The platform's list lags behind, so an empty one tells nothing.
 */
function concludeRefund(request: ActionRequest, entries: readonly JsonReader[]): ActionOutcome {
  const answered = answeredRequest(request);
  const youngest = youngestOf(entries);
  if (youngest === undefined) return { state: 'unknown', reason: 'The platform lists no refund of this order yet.' };
  const own = answered === undefined ? entries : entries.filter((entry) => refundNumber(entry) === answered);
  const mine = answered === undefined ? youngest : youngestOf(own);
  const isOpen = (entry: JsonReader): boolean => REFUND_RESULTS[entry.text('res_type') ?? ''] === 'requested';
  if (mine === undefined) {
    if (isOpen(youngest)) return ANOTHER_REQUEST;
    return { state: 'unknown', reason: 'The platform does not list the answered refund.' };
  }
  // After a refusal the user appeals to the service desk, under the same number.
  const decided = own.find((entry) => !isOpen(entry)) ?? mine;
  const state = REFUND_RESULTS[(answered === undefined ? mine : decided).text('res_type') ?? ''];
  if (state === undefined) return { state: 'unknown', reason: 'The refund has a result that is not known.' };
  if (state === 'requested') return answered === undefined ? REQUEST_NOT_KNOWN : NOT_DONE;
  return state === (request.action === 'agree-refund' ? 'succeeded' : 'failed')
    ? { state: 'succeeded', reports: actionReports(request) }
    : failure('final', 'decided_otherwise', 'The request was decided otherwise meanwhile.');
}

const youngestOf = (entries: readonly JsonReader[]): JsonReader | undefined =>
  entries.reduce<JsonReader | undefined>((youngest, entry) => {
    const isYounger = (entry.time('refund_apply_time') ?? 0) >= (youngest?.time('refund_apply_time') ?? 0);
    return isYounger ? entry : youngest;
  }, undefined);

/** The answer was given to one request, and by now another one is known to be open. */
function isAnotherOpen(request: ActionRequest): boolean {
  const [answered, open] = [answeredRequest(request), openRefund(request.order.lines ?? {})];
  return answered !== undefined && open !== undefined && open !== answered;
}

export const actions: Actions = {
  specs,
  prepare,
  conclude,
  prepareQuestion(account, request) {
    const wanted = (isAboutRequest(request) ? refundsWanted : orderWanted)(numberOf(request) ?? '', tokenOf(request));
    return signedRequest(account, wanted, request.at);
  },
  concludeQuestion,
};
