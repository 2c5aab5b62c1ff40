import type { AccountView } from '../../core/connector.ts';
import { NumberText, scalarText, stringifyLossless } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { CANCEL_REASONS } from './action-specs.ts';
import { signedCallback } from './sandbox-orders.ts';
import type { Said } from './sandbox-orders.ts';
import { refundsAfter } from './sandbox-refunds.ts';
import {
  addActs,
  fault,
  fieldsOf,
  fine,
  orderInState,
  pushedOrder,
  recallOrder,
  rememberOrder,
} from './sandbox-told.ts';
import type { ActedScene, NotedOrder, Told } from './sandbox-told.ts';

/** A merchant's call about an order: what it says and where the order stands. */
interface Act {
  readonly orderId: string;
  readonly noted: NotedOrder;
  readonly at: TimeMs;
  text(name: string): string;
}

/** What an act leads to: the order as it is from then on, and what the platform pushes. Or why it is refused. */
type Effect =
  | {
      readonly refused: Told;
      /** It was done before, which whoever asks for it now takes for done now. */
      readonly acts?: readonly ActedScene[];
    }
  | { readonly noted: NotedOrder; readonly pushes: readonly Said[]; readonly acts?: readonly ActedScene[] };

const refused = (code: string, message: string): Effect => ({ refused: fault(code, message) });
const ENDED = refused('OP_ORDER_ENDED', '订单已结束，不能操作');
const OWN_RIDERS: ReadonlySet<string> = new Set(['0000', '0002', '0016', '0033', '2001', '5001']);
const number = (value: number | string): NumberText => new NumberText(String(value));

const pushOf = (topic: string, name: string, orderId: string, fields: Readonly<Record<string, Lossless>>): Said => ({
  topic,
  field: name,
  json: stringifyLossless(new Map<string, Lossless>(Object.entries({ orderId: number(orderId), ...fields }))),
});
const withStatus = ({ noted, at }: Act, status: number): NotedOrder => ({
  ...noted,
  status,
  order: orderInState(noted.order, status, at),
});
const did = ({ noted }: Act, step: string): boolean => noted.steps?.includes(step) === true;
const withStep = (noted: NotedOrder, step: string): NotedOrder => ({ ...noted, steps: [...(noted.steps ?? []), step] });
const cancelPush = (orderId: string, reasonCode: string, reason: string): Said =>
  pushOf('cancelled', 'orderCancel', orderId, { reason, reasonCode });

function confirm(act: Act): Effect {
  const { status } = act.noted;
  if (status === 1) return refused('OP_ORDER_UNPAID', '订单未支付');
  if (status === 9) return refused('OP_ORDER_CANCELLED', '订单不存在或被取消');
  const acts = [{ kind: 'order', status: 4, at: act.at }] as const;
  if (status >= 4) return { ...refused('OP_ORDER_CONFIRMED', '订单已经确认'), acts };
  const noted = withStatus(act, 4);
  return { noted, acts, pushes: [{ topic: 'confirmed', field: 'order', json: pushedOrder(noted.order) }] };
}

function cancel(act: Act): Effect {
  const reasonCode = act.text('reasonCode');
  if (!CANCEL_REASONS.has(reasonCode)) return refused('OP_PARAM_ERROR', 'reasonCode 错误');
  if (act.text('reason') === '') return refused('OP_PARAM_ERROR', 'reason 不能为空');
  if (act.noted.status === 9) return refused('OP_ORDER_CANCELLED', '订单已取消');
  if (act.noted.status === 8) return ENDED;
  const pushes = [cancelPush(act.orderId, reasonCode, act.text('reason'))];
  return { noted: withStatus(act, 9), pushes, acts: [{ kind: 'cancel', at: act.at }] };
}

/** The youngest open request is answered. A refund of everything before completion ends the order. */
function answerRefund(act: Act, notifyType: 'agree' | 'reject'): Effect {
  const { noted, orderId, at } = act;
  const open = noted.refunds.findLast(({ result }) => result === 0);
  const reason = act.text('reason');
  if (open === undefined) return refused('OP_REFUND_NOT_FOUND', '没有待处理的退款申请');
  if (notifyType === 'reject' && reason === '') return refused('OP_PARAM_ERROR', 'reason 不能为空');
  const kind = open.whole ? 'refund' : 'part';
  const refunds = refundsAfter(noted.refunds, { kind, notifyType }, open.fen, at);
  const push = open.whole
    ? pushOf('refund', 'orderRefund', orderId, { notifyType, reason })
    : pushOf('partial-refund', 'partOrderRefund', orderId, { notifyType, reason, money: yuan(open.fen), food: [] });
  const ends = open.whole && notifyType === 'agree' && noted.status < 8;
  return {
    noted: { ...(ends ? withStatus(act, 9) : noted), refunds },
    acts: [{ kind: 'refund', at }, ...(ends ? [{ kind: 'cancel', at } as const] : [])],
    pushes: ends ? [push, cancelPush(orderId, '1103', '用户退款')] : [push],
  };
}

const yuan = (fen: number): NumberText => number(`${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`);

function prepared(act: Act): Effect {
  const { status } = act.noted;
  if (status >= 8) return ENDED;
  if (status < 4) return refused('OP_ORDER_NOT_CONFIRMED', '订单未确认');
  return did(act, 'ready')
    ? refused('OP_ALREADY_DONE', '该订单已出餐')
    : { noted: withStep(act.noted, 'ready'), pushes: [] };
}

/** What keeps a merchant's own riders from an order. */
function notOwn(act: Act): Effect | undefined {
  const { status, order } = act.noted;
  const code = scalarText(fieldsOf(order).get('logisticsCode')) ?? '';
  if (status >= 8) return ENDED;
  if (status < 4) return refused('OP_ORDER_NOT_CONFIRMED', '订单未确认');
  return OWN_RIDERS.has(code) ? undefined : refused('OP_NOT_SELF_DELIVERY', '非自配送订单');
}

const deliveryPush = (act: Act, status: number): Said => {
  const [name, phone] = [act.text('courierName'), act.text('courierPhone')];
  return pushOf('delivery', 'shippingStatus', act.orderId, {
    shippingStatus: number(status),
    time: number(Math.floor(act.at / 1000)),
    ...(name === '' ? {} : { dispatcherName: name }),
    ...(phone === '' ? {} : { dispatcherMobile: phone }),
  });
};

const delivery = ({ at }: Act, status: number): readonly ActedScene[] => [{ kind: 'delivery', status, at }];

function leave(act: Act): Effect {
  const refusal = notOwn(act);
  if (refusal !== undefined) return refusal;
  if (did(act, 'left')) return { ...refused('OP_ALREADY_DONE', '订单已开始配送'), acts: delivery(act, 20) };
  return {
    noted: withStep(withStatus(act, 6), 'left'),
    pushes: [deliveryPush(act, 20)],
    acts: delivery(act, 20),
  };
}

function deliver(act: Act): Effect {
  const refusal = notOwn(act);
  if (refusal !== undefined) return refusal;
  if (did(act, 'delivered')) return { ...refused('OP_ALREADY_DONE', '订单已送达'), acts: delivery(act, 40) };
  return {
    noted: withStep(withStatus(act, 6), 'delivered'),
    pushes: [deliveryPush(act, 40)],
    acts: delivery(act, 40),
  };
}

function position(act: Act): Effect {
  const refusal = notOwn(act);
  if (refusal !== undefined) return refusal;
  const status = act.text('logisticsStatus');
  if (!['0', '10', '15', '20', '40', '100'].includes(status)) return refused('OP_PARAM_ERROR', 'logisticsStatus 错误');
  for (const [name, limit] of [
    ['latitude', 90],
    ['longitude', 180],
  ] as const) {
    const value = act.text(name);
    if (value !== '' && !(Math.abs(Number(value)) <= limit)) return refused('OP_PARAM_ERROR', `${name} 错误`);
  }
  // A rider who took the order on is told once; where it is goes to the user's map alone.
  const isTold = status === '10' && act.text('latitude') === '';
  if (status !== '10' || did(act, 'assigned'))
    return { noted: act.noted, pushes: [], acts: isTold ? delivery(act, 10) : [] };
  return { noted: withStep(act.noted, 'assigned'), pushes: [deliveryPush(act, 10)], acts: delivery(act, 10) };
}

const ACTS: Readonly<Record<string, (act: Act) => Effect>> = {
  '/waimai/order/confirm': confirm,
  '/waimai/order/cancel': cancel,
  '/waimai/order/agreeRefund': (act) => answerRefund(act, 'agree'),
  '/waimai/order/rejectRefund': (act) => answerRefund(act, 'reject'),
  '/waimai/order/preparationMealComplete': prepared,
  '/waimai/order/delivering': leave,
  '/waimai/order/delivered': deliver,
  '/waimai/order/riderPosition': position,
};

/** Plays a merchant's call about one of its orders; `undefined`: it is no such call. */
export function playAct(
  path: string,
  biz: ReadonlyMap<string, Lossless>,
  world: {
    readonly account: AccountView;
    readonly memory: PlatformMemory;
    readonly store: string;
    readonly at: TimeMs;
  },
): Told | undefined {
  const play = Object.hasOwn(ACTS, path) ? ACTS[path] : undefined;
  if (play === undefined) return undefined;
  const { account, memory, store, at } = world;
  const orderId = scalarText(biz.get('orderId')) ?? '';
  const noted = recallOrder(memory, orderId);
  if (noted === undefined || noted.store !== store) return fault('OP_ORDER_NOT_FOUND', '订单不存在');
  const effect = play({ orderId, noted, at, text: (name) => scalarText(biz.get(name)) ?? '' });
  if ('refused' in effect) {
    addActs(memory, orderId, effect.acts ?? []);
    return effect.refused;
  }
  rememberOrder(memory, orderId, effect.noted);
  addActs(memory, orderId, effect.acts ?? []);
  const callbacks = effect.pushes.map((said): OutgoingCallback => signedCallback(account, store, said));
  return { ...fine('"ok"'), callbacks };
}
