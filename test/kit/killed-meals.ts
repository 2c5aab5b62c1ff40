import { recallOrder } from '../../src/connectors/meituan-waimai/sandbox-told.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { act, DONE_EITHER_WAY, NO_TRACE, told } from './killed-call.ts';
import type { KilledCall, Params } from './killed-call.ts';
import type { Fate } from './killed-stage.ts';

interface Meal {
  readonly action: string;
  readonly call: string;
  readonly plot: keyof typeof MEALS;
  readonly params?: Params;
  readonly ends?: KilledCall['ends'];
  shows?(order: OrderJson, fate: Fate): boolean;
}

const accepted = ({ fulfilment }: OrderJson): boolean => fulfilment === 'accepted';
const asksBack = ({ flags }: OrderJson): boolean =>
  // Which request it is the hub knows once its doubt is settled.
  (flags.includes('refund_requested') || flags.includes('cancel_requested')) && !flags.includes('doubt');
const MEALS = {
  new: { wm: ['new, not yet accepted', 1], el: ['new and not yet taken', 1], isReady: () => true },
  taken: {
    wm: ['cash on delivery by own riders', 2],
    el: ['taken, delivered by the shop itself, completed', 2],
    isReady: accepted,
  },
  wantedBack: {
    wm: ['refund applied for and withdrawn', 3],
    el: ['cancel asked and still open', 3],
    isReady: asksBack,
  },
} as const;

const meal = (
  account: 'wm' | 'el',
  { action, call, plot, params = {}, ends = DONE_EITHER_WAY, shows }: Meal,
): KilledCall => ({
  account,
  action,
  ends,
  async stage(world) {
    const [name, steps] = MEALS[plot][account];
    const order = await told(world, account, name, steps, MEALS[plot].isReady);
    const number = order.platformOrderId ?? '';
    return {
      isIt: (heard) => heard.includes(call) && heard.includes(number),
      // What Ele.me has of an order is told by its pushes.
      trace: (memory) => (account === 'wm' ? recallOrder(memory, number) : null),
      ask: () => act(world, order.id, action, params),
      order: async () => order.id,
      ...(shows === undefined ? {} : { shows }),
    };
  },
});

const RIDER = { name: '王师傅', phone: '13900001111' };
const isCancelled = ({ lifecycle }: OrderJson): boolean => lifecycle === 'cancelled';

/** What is done at Meituan takeaway. */
export const WAIMAI_CALLS: readonly KilledCall[] = (
  [
    { action: 'accept', call: '/order/confirm', plot: 'new', shows: accepted },
    { action: 'cancel', call: '/order/cancel', plot: 'new', shows: isCancelled },
    {
      action: 'agree-refund',
      call: '/order/agreeRefund',
      plot: 'wantedBack',
      shows: isCancelled,
    },
    {
      action: 'reject-refund',
      call: '/order/rejectRefund',
      plot: 'wantedBack',
      params: { reason: '已出餐' },
    },
    { action: 'ready', call: '/order/preparationMealComplete', plot: 'taken' },
    { action: 'assign', call: '/order/riderPosition', plot: 'taken', params: RIDER },
    { action: 'picked-up', call: '/order/delivering', plot: 'taken', params: RIDER },
    {
      action: 'position',
      call: '/order/riderPosition',
      plot: 'taken',
      params: { lng: 120.3, lat: 30.3 },
      ends: DONE_EITHER_WAY,
    },
    { action: 'delivered', call: '/order/delivered', plot: 'taken' },
  ] satisfies readonly Meal[]
).map((one) => meal('wm', one));

const PHONE = { phone: RIDER.phone };
/** What is done at Ele.me. */
export const ELEME_CALLS: readonly KilledCall[] = (
  [
    { action: 'accept', call: 'confirmOrderLite', plot: 'new', shows: accepted },
    { action: 'cancel', call: 'cancelOrderLite', plot: 'new', shows: isCancelled },
    {
      action: 'agree-refund',
      call: '.agreeRefundLite',
      plot: 'wantedBack',
      shows: isCancelled,
    },
    {
      action: 'reject-refund',
      call: 'disagreeRefundLite',
      plot: 'wantedBack',
      params: { reason: '已出餐' },
    },
    { action: 'ready', call: 'setOrderPrepared', plot: 'taken', ends: NO_TRACE },
    { action: 'assign', call: 'selfDeliveryStateSync', plot: 'taken', params: RIDER, ends: NO_TRACE },
    { action: 'picked-up', call: 'startDeliveryBySelf', plot: 'taken', params: PHONE },
    {
      action: 'position',
      call: 'selfDeliveryLocationSync',
      plot: 'taken',
      params: { lng: 120.3, lat: 30.3 },
      ends: NO_TRACE,
    },
    { action: 'delivered', call: 'completeDeliveryBySelf', plot: 'taken', params: PHONE },
  ] satisfies readonly Meal[]
).map((one) => meal('el', one));
