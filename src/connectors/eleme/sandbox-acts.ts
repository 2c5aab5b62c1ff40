import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, scalarText } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { CANCEL_TYPES } from './action-specs.ts';
import { ACCEPTED_AGAIN, actsOf, addActs, scenesSoFar, stepTimes } from './sandbox-memory.ts';
import { invent, openRequest, plotOf, pushOf, stateAfter } from './sandbox-order.ts';
import type { Order } from './sandbox-order.ts';
import type { Scene } from './sandbox-plots.ts';

interface Act {
  readonly params: LosslessObject;
  readonly order: Order;
  readonly scenes: readonly Scene[];
  readonly state: ReturnType<typeof stateAfter>;
}

interface Said {
  readonly type: number;
  readonly refundType?: 'normal' | 'part';
}

/** Why an act is refused, or what the platform pushes about it. */
type Effect =
  | {
      readonly code: string;
      readonly message: string;
      /** It was done before, which whoever asks for it now takes for done now. */
      readonly done?: number;
    }
  | readonly Said[];

const refused = (message: string, code = 'BIZ_ORDER_STATE'): Effect => ({ code, message });
const alreadyDone = (message: string, done: number): Effect => ({ code: 'BIZ_ORDER_STATE', message, done });
const invalid = (message: string): Effect => ({ code: 'VALIDATION_FAILED', message });
const text = (params: LosslessObject, name: string): string => scalarText(params.get(name)) ?? '';

function confirm({ state }: Act): Effect {
  if (state === 'unprocessed') return [{ type: 12 }];
  return state === 'invalid' ? refused('订单已取消') : alreadyDone('订单已确认', ACCEPTED_AGAIN);
}

function cancel({ params, state }: Act): Effect {
  if (!CANCEL_TYPES.has(text(params, 'type'))) return invalid('type 不正确');
  if (text(params, 'remark') === '') return invalid('remark 不能为空');
  if (state === 'settled') return refused('订单已完成，不能取消');
  if (state === 'invalid') return refused('订单已取消');
  // Refused before it was taken, or forced to be invalid afterwards.
  return [{ type: state === 'unprocessed' ? 14 : 17 }];
}

function agree({ scenes, state }: Act): Effect {
  const open = openRequest(scenes);
  if (open === undefined || state === 'invalid') return refused('没有待处理的申请');
  return open.type === 20 ? [{ type: 23 }, { type: 15 }] : [{ type: 33, refundType: open.refundType ?? 'normal' }];
}

function disagree({ params, scenes, state }: Act): Effect {
  const open = openRequest(scenes);
  if (text(params, 'reason') === '') return invalid('reason 不能为空');
  if (open === undefined || state === 'invalid') return refused('没有待处理的申请');
  return [{ type: open.type + 2 }];
}

/** Only what was taken and goes on can be prepared and delivered. */
const notTaken = ({ state }: Act): Effect | undefined =>
  state === 'valid' ? undefined : refused(state === 'unprocessed' ? '订单未接单' : '订单已结束');

function startDelivery(act: Act): Effect {
  if (text(act.params, 'phone') === '') return invalid('phone 不能为空');
  return notTaken(act) ?? (act.scenes.some(({ type }) => type === 71) ? alreadyDone('订单已送出', 71) : [{ type: 71 }]);
}

function completeDelivery(act: Act): Effect {
  if (text(act.params, 'phone') === '') return invalid('phone 不能为空');
  return act.state === 'settled' ? alreadyDone('订单已送达', 56) : (notTaken(act) ?? [{ type: 18 }]);
}

function syncState(act: Act): Effect {
  const info = act.params.get('stateInfo');
  const knight = isLosslessObject(info) ? info.get('knight') : undefined;
  if (text(act.params, 'shopId') !== act.order.shop.id) return refused('店铺不存在', 'BIZ_SHOP');
  if (!isLosslessObject(info) || text(info, 'state') === '' || text(info, 'distributorId') !== '201')
    return invalid('stateInfo 不正确');
  if (!isLosslessObject(knight) || text(knight, 'phone') === '') return invalid('knight 不正确');
  return notTaken(act) ?? [];
}

function syncLocation(act: Act): Effect {
  const info = act.params.get('locationInfo');
  const isWithin = (name: string, limit: number): boolean => {
    const value = isLosslessObject(info) ? info.get(name) : undefined;
    return value instanceof NumberText && Math.abs(Number(value.text)) <= limit;
  };
  if (text(act.params, 'shopId') !== act.order.shop.id) return refused('店铺不存在', 'BIZ_SHOP');
  if (!isWithin('longitude', 180) || !isWithin('latitude', 90)) return invalid('locationInfo 不正确');
  return notTaken(act) ?? [];
}

const ACTS: Readonly<Record<string, (act: Act) => Effect>> = {
  'eleme.order.confirmOrderLite': confirm,
  'eleme.order.cancelOrderLite': cancel,
  'eleme.order.agreeRefundLite': agree,
  'eleme.order.disagreeRefundLite': disagree,
  'eleme.order.setOrderPrepared': (act) => notTaken(act) ?? [],
  'eleme.order.startDeliveryBySelf': startDelivery,
  'eleme.order.completeDeliveryBySelf': completeDelivery,
  'eleme.order.selfDeliveryStateSync': syncState,
  'eleme.order.selfDeliveryLocationSync': syncLocation,
};

/** Where in an order's pushes those begin that a merchant set off: a life of its own has fewer steps. */
const FIRST_ACTED_STEP = 50;

/** Plays a merchant's call about an order; `undefined`: it is no such call. */
export function playAct(
  action: string,
  params: LosslessObject,
  world: { readonly account: AccountView; readonly memory: PlatformMemory; readonly at: TimeMs },
):
  | { readonly refused: { readonly code: string; readonly message: string } }
  | { readonly callbacks: readonly OutgoingCallback[] }
  | undefined {
  const play = Object.hasOwn(ACTS, action) ? ACTS[action] : undefined;
  if (play === undefined) return undefined;
  const { account, memory, at } = world;
  const info = params.get('stateInfo');
  const orderId = text(isLosslessObject(info) ? info : params, 'orderId');
  const plot = plotOf(orderId);
  const after = stepTimes(orderId, memory).length;
  if (plot === undefined || after === 0) return { refused: { code: 'ORDER_NOT_FOUND', message: '订单不存在' } };
  const order = invent(orderId, plot);
  const scenes = scenesSoFar(orderId, plot, memory);
  const effect = play({ params, order, scenes, state: stateAfter(scenes) });
  if ('code' in effect) {
    if (effect.done !== undefined) addActs(orderId, [{ type: effect.done, after, at, refundType: null }], memory);
    return { refused: effect };
  }
  const acts = actsOf(orderId, memory);
  addActs(
    orderId,
    effect.map(({ type, refundType = null }) => ({ type, after, at, refundType })),
    memory,
  );
  const callbacks = effect.map((said, index) =>
    pushOf(order, plot, { afterMs: [0, 0], ...said }, FIRST_ACTED_STEP + acts.length + index, at, account),
  );
  return { callbacks };
}
