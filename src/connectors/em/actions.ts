import type { AccountField, Words } from '../../core/account-fields.ts';
import { paramFaults } from '../../core/action-params.ts';
import type { ActionOutcome, ActionRequest, Actions, ActionSpec, DoneAtOnce } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Alias, Report } from '../../core/fact.ts';
import type { OrderJson } from '../../core/order-json.ts';
import type { PlatformResponse } from '../../core/outgoing.ts';
import { WHOLE } from '../../core/registers.ts';
import { callOf, CREATE_PATH, firstAt, MODIFY_PATH, readAnswer } from './client.ts';
import { stockInData, stockInFaults, stockInFields, tradeData, tradeFaults, tradeFields } from './trade-fields.ts';

/** As long as a number of a notice may be. */
const MAX_NUMBER = 64;

const reasonField: AccountField = {
  name: 'reason',
  kind: 'text',
  maxLength: 200,
  required: true,
  label: { en: 'Reason', zh: '原因' },
  help: { en: 'Who audited it, and where it was seen.', zh: '由谁审核、在哪里确认的。' },
};
const tradeNoField: AccountField = {
  name: 'tradeNo',
  kind: 'text',
  maxLength: MAX_NUMBER,
  pattern: String.raw`^[0-9A-Za-z_-]+$`,
  required: true,
  label: { en: 'Trade number', zh: 'EM 单号' },
  help: { en: 'As EM shows it, such as DD202611200001.', zh: 'EM 中的单号，如 DD202611200001。' },
};

const isNamed = ({ platformOrderId }: OrderJson): Words | undefined =>
  platformOrderId === null ? undefined : { en: 'EM knows the order already.', zh: '该订单在 EM 中已存在。' };

/** What can be done at EM, and what can be said of it by hand: EM cannot be asked. */
const specs: readonly ActionSpec[] = [
  {
    name: 'create',
    label: { en: 'Create the trade', zh: '创建订单' },
    params: tradeFields,
    moves: 'goods',
    internal: true,
    // EM knows no number of ours: a second call would be a second trade.
    onSilence: 'ask',
    refuses: isNamed,
  },
  {
    name: 'modify-stock-in',
    label: { en: 'Change the stock-in', zh: '修改入库单' },
    params: stockInFields,
    moves: 'nothing',
    // The same change twice is the same stock-in.
    onSilence: 'again',
    refuses: ({ kind, fulfilment, platformOrderId }) => {
      if (kind !== 'stock_in') return { en: 'It is no stock-in.', zh: '不是入库单。' };
      if (platformOrderId === null) return { en: 'EM’s number of it is not known.', zh: '尚不知道 EM 的单号。' };
      return fulfilment === 'none' ? undefined : { en: 'It is audited.', zh: '入库单已审核。' };
    },
  },
  {
    name: 'audited',
    label: { en: 'Audited (by hand)', zh: '已审核（人工登记）' },
    params: [reasonField],
    moves: 'nothing',
    onSilence: 'again',
    atOnce: true,
    refuses: ({ fulfilment }) =>
      fulfilment === 'none' ? undefined : { en: 'It is audited already.', zh: '订单已审核。' },
  },
  {
    name: 'name-trade',
    label: { en: 'Name its trade (by hand)', zh: '关联 EM 单号（人工登记）' },
    params: [tradeNoField],
    moves: 'nothing',
    onSilence: 'again',
    atOnce: true,
    refuses: isNamed,
  },
];

function prepare(account: AccountView, request: ActionRequest): ReturnType<Actions['prepare']> {
  const { action, params, order, at, callbackBase } = request;
  if (action === 'create') {
    const faults = tradeFaults(params);
    if (faults.length > 0) return { ok: false, faults };
    const number = account.settings['numberInRemark'] === false ? null : order.json.merchantOrderId;
    const times = { at, notifyUrl: callbackBase };
    return { ok: true, request: callOf(account, 'trade.create', CREATE_PATH, tradeData(params, number), times) };
  }
  const faults = stockInFaults(params);
  if (faults.length > 0) return { ok: false, faults };
  const data = stockInData(params, order.json.platformOrderId ?? '');
  return { ok: true, request: callOf(account, 'instock.modify', MODIFY_PATH, data, { at, notifyUrl: callbackBase }) };
}

function conclude(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const heard = readAnswer(account, response);
  if (heard.kind === 'refused') {
    return { state: 'failed', refusal: { class: 'final', code: heard.code, message: heard.message } };
  }
  if (heard.kind === 'unclear') return { state: 'unknown', reason: heard.message };
  if (request.action !== 'create') return { state: 'succeeded', reports: [] };
  const tradeNo = firstAt(heard.answer, account.settings['tradeNoPath']);
  if (tradeNo === undefined || tradeNo.length > MAX_NUMBER) {
    const reason = 'EM took the trade, but its number does not stand where tradeNoPath looks. Name it with name-trade.';
    return { state: 'unknown', reason };
  }
  return { state: 'succeeded', reports: [named(request, tradeNo)], answer: { tradeNo } };
}

/** Ties EM's number to our order. */
const named = ({ order, number, at }: ActionRequest, tradeNo: string): Report => {
  const own = order.aliases.filter(({ kind }) => kind !== 'platform');
  const aliases: [Alias, ...Alias[]] = [{ kind: 'platform', value: tradeNo }, ...own];
  const facts = [{ line: WHOLE, register: 'fulfilment', value: 'none' }] as const;
  return { aliases, kind: order.kind, key: `named:${number}`, at, facts };
};

function doAtOnce(_account: AccountView, request: ActionRequest): DoneAtOnce {
  const { action, params, order, number, at } = request;
  const faults = paramFaults(action === 'audited' ? [reasonField] : [tradeNoField], params);
  const [first, ...others] = order.aliases;
  if (faults.length > 0 || first === undefined) return { ok: false, faults };
  const { tradeNo } = params;
  if (typeof tradeNo === 'string') return { ok: true, reports: [named(request, tradeNo)] };
  const facts = [{ line: WHOLE, register: 'fulfilment', value: 'accepted' }] as const;
  // The stage of the approval, which is never taken back.
  const report: Report = {
    aliases: [first, ...others],
    kind: order.kind,
    key: `by-hand:${number}`,
    at,
    stage: 2,
    facts,
  };
  return { ok: true, reports: [report] };
}

export const actions: Actions = { specs, prepare, conclude, doAtOnce };
