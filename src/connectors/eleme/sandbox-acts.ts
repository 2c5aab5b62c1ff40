import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, scalarText } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { CANCEL_TYPES } from './action-specs.ts';
import { invent, plotOf, pushOf, stateAfter } from './sandbox-order.ts';
import type { Order } from './sandbox-order.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

const stepsKey = (orderId: string): string => `steps:${orderId}`;
const actsKey = (orderId: string): string => `acts:${orderId}`;

/** A message that a merchant's call set off, and after how many steps of the order's own life. */
type ActedScene = { readonly type: number; readonly after: number; readonly refundType: 'normal' | 'part' | null };

/** Notes how far an order is in its own life. */
export function noteStep(orderId: string, step: number, memory: PlatformMemory): void {
  memory[stepsKey(orderId)] = Math.max(Number(memory[stepsKey(orderId)] ?? 0), step + 1);
}

const actsOf = (orderId: string, memory: PlatformMemory): readonly ActedScene[] =>
  (memory[actsKey(orderId)] as readonly ActedScene[] | undefined) ?? [];

/** What has happened to an order: its own life as far as it is told, and what the merchant did in between. */
export function scenesSoFar(orderId: string, plot: Plot, memory: PlatformMemory): readonly Scene[] {
  const acts = actsOf(orderId, memory);
  const actedAfter = (steps: number): readonly Scene[] =>
    acts
      .filter(({ after }) => after === steps)
      .map(({ type, refundType }) => ({ type, afterMs: [0, 0], ...(refundType === null ? {} : { refundType }) }));
  const told = plot.scenes.slice(0, Number(memory[stepsKey(orderId)] ?? 0));
  return told.flatMap((scene, index) => [scene, ...actedAfter(index + 1)]);
}

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
type Effect = { readonly code: string; readonly message: string } | readonly Said[];

const refused = (message: string, code = 'BIZ_ORDER_STATE'): Effect => ({ code, message });
const invalid = (message: string): Effect => ({ code: 'VALIDATION_FAILED', message });
const text = (params: LosslessObject, name: string): string => scalarText(params.get(name)) ?? '';

function confirm({ state }: Act): Effect {
  if (state === 'unprocessed') return [{ type: 12 }];
  return refused(state === 'invalid' ? '订单已取消' : '订单已确认');
}

function cancel({ params, state }: Act): Effect {
  if (!CANCEL_TYPES.has(text(params, 'type'))) return invalid('type 不正确');
  if (text(params, 'remark') === '') return invalid('remark 不能为空');
  if (state === 'settled') return refused('订单已完成，不能取消');
  if (state === 'invalid') return refused('订单已取消');
  // Refused before it was taken, or forced to be invalid afterwards.
  return [{ type: state === 'unprocessed' ? 14 : 17 }];
}

/** The user's youngest request, where it still waits for the merchant. */
function openRequest(scenes: readonly Scene[]): Scene | undefined {
  const last = scenes.findLast(({ type }) => type >= 20 && type <= 36);
  return last?.type === 20 || last?.type === 30 ? last : undefined;
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
  return notTaken(act) ?? (act.scenes.some(({ type }) => type === 71) ? refused('订单已送出') : [{ type: 71 }]);
}

function completeDelivery(act: Act): Effect {
  if (text(act.params, 'phone') === '') return invalid('phone 不能为空');
  return act.state === 'settled' ? refused('订单已送达') : (notTaken(act) ?? [{ type: 18 }]);
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
  const after = Number(memory[stepsKey(orderId)] ?? 0);
  if (plot === undefined || after === 0) return { refused: { code: 'ORDER_NOT_FOUND', message: '订单不存在' } };
  const order = invent(orderId, plot);
  const scenes = scenesSoFar(orderId, plot, memory);
  const effect = play({ params, order, scenes, state: stateAfter(scenes) });
  if ('code' in effect) return { refused: effect };
  const acts = actsOf(orderId, memory);
  if (effect.length > 0) {
    const added = effect.map(({ type, refundType = null }): ActedScene => ({ type, after, refundType }));
    memory[actsKey(orderId)] = [...acts, ...added];
  }
  const callbacks = effect.map((said, index) =>
    pushOf(order, plot, { afterMs: [0, 0], ...said }, FIRST_ACTED_STEP + acts.length + index, at, account),
  );
  return { callbacks };
}
