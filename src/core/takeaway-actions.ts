import type { AccountField, Words } from './account-fields.ts';
import type { ActionOutcome, ActionRequest, ActionSpec } from './action.ts';
import type { Lines } from './fact.ts';
import { choice, text, words } from './field-builders.ts';
import type { OrderJson } from './order-json.ts';

/** What differs between takeaway platforms in what can be done to their orders. */
export interface TakeawayPlatform {
  /** The merchant's reasons to cancel by the platform's code, with the words that stand for each. The first is 'other'. */
  readonly cancelReasons: ReadonlyMap<string, string>;
  readonly cancelHelp: string;
  /** Most characters of a reason. */
  readonly reasonLength: number;
  /** What a repeated acceptance does: told 'done already' (`again`), or not known (`ask`). */
  readonly acceptOnSilence: ActionSpec['onSilence'];
  /** Agreeing takes words for the user. */
  readonly agreeTakesReason: boolean;
  readonly requests: { readonly agree: Words; readonly reject: Words; readonly none: Words };
  /** Which request of the user is open, by a name that no other request of the order has; undefined: it is not known. */
  openRequest(order: OrderJson, lines: Lines): string | undefined;
  /** The steps of an own delivery: what each takes, and what else speaks against it. */
  readonly assign: readonly AccountField[];
  readonly pickedUp: readonly AccountField[];
  readonly position: readonly AccountField[];
  readonly delivered: readonly AccountField[];
  /** Why an order that looks open and new cannot be accepted. */
  notToAccept?(order: OrderJson): Words | undefined;
  /** Why own riders may not bring this order. */
  notOwnRiders?(order: OrderJson): Words | undefined;
  notToPickUp?(order: OrderJson): Words | undefined;
}

export const riderName = (required: boolean): AccountField =>
  text('name', words('Rider', '骑手姓名'), words('The user sees the name.', '用户可见。'), { maxLength: 50, required });

export const riderPhone = (required: boolean, help: Words): AccountField =>
  text('phone', words('Rider’s phone', '骑手电话'), help, {
    maxLength: 20,
    pattern: String.raw`^\+?\d[\d_,-]{4,18}$`,
    required,
  });

/** A place in degrees, checked by `placeFaults`. */
export const place = (required: boolean): readonly AccountField[] =>
  (['lng', 'lat'] as const).map((name) => ({
    name,
    kind: 'json',
    required,
    label: name === 'lng' ? words('Longitude', '经度') : words('Latitude', '纬度'),
    help: words('A number of degrees, GCJ-02.', '数字，GCJ-02（火星）坐标。'),
  }));

/**
 * The request that an answer is about. Kept with the answer when it is given, so that one of which nothing was heard is
 * given again to this request alone: the call names none, and answers whichever is open.
 */
const REQUEST: AccountField = {
  ...text(
    'request',
    words('Request', '申请'),
    words('Which request is answered. Left out: the one that is open.', '所答复的申请；不填则为当前待处理的申请。'),
    { maxLength: 60, required: false },
  ),
  supplied: true,
};

/** The name of the request that was open when somebody answered it; undefined: nobody knew. */
export const answeredRequest = ({ params }: ActionRequest): string | undefined => {
  const { request } = params;
  return typeof request === 'string' ? request : undefined;
};

export const isAboutRequest = ({ action }: ActionRequest): boolean =>
  action === 'agree-refund' || action === 'reject-refund';

/** Why an answer that got lost is not given again by itself. */
const leftToPerson = (reason: string): ActionOutcome => ({ state: 'unknown', reason, isPersons: true });
export const ANOTHER_REQUEST = leftToPerson(
  'The request that is open now is another one than was answered. Somebody must look at it and answer again.',
);
export const REQUEST_NOT_KNOWN = leftToPerson(
  'A request is open, and nobody knows whether it is the one that was answered. Somebody must look at it and answer again.',
);

const ENDED = words('The order has ended.', '订单已结束。');
const NOT_ACCEPTED = words('The order is not accepted yet.', '订单尚未接单。');
const DELIVERED = words('The order is delivered already.', '订单已送达。');

const hasEnded = ({ lifecycle }: OrderJson): boolean => lifecycle !== 'open';
const unlessOpen = (order: OrderJson): Words | undefined => (hasEnded(order) ? ENDED : undefined);

function notReady(order: OrderJson): Words | undefined {
  if (hasEnded(order)) return ENDED;
  if (order.fulfilment === 'none') return NOT_ACCEPTED;
  const isGone = order.fulfilment === 'delivering' || order.fulfilment === 'delivered';
  return isGone ? words('The meal has left already.', '餐品已送出。') : undefined;
}

const AGAIN = { moves: 'nothing', onSilence: 'again' } as const;
const ASK = { moves: 'nothing', onSilence: 'ask' } as const;

/** What can be done to an order of a takeaway platform; the calls behind it are the connector's. */
export function takeawaySpecs(platform: TakeawayPlatform): readonly ActionSpec[] {
  const { cancelReasons, cancelHelp, reasonLength, requests } = platform;
  const reason = (required: boolean): AccountField =>
    text('reason', words('Reason', '原因'), words('The user sees it.', '用户可见。'), {
      maxLength: reasonLength,
      required,
    });
  const [other = '', ...rest] = [...cancelReasons.keys()];
  const zh = [...cancelReasons].map((entry) => entry.join(' '));
  const withoutRequest = ({ flags }: OrderJson): Words | undefined =>
    flags.includes('refund_requested') || flags.includes('cancel_requested') ? undefined : requests.none;
  const notToDeliver = (order: OrderJson): Words | undefined => {
    if (hasEnded(order)) return ENDED;
    const notOwn = platform.notOwnRiders?.(order);
    if (notOwn !== undefined) return notOwn;
    if (order.fulfilment === 'none') return NOT_ACCEPTED;
    return order.fulfilment === 'delivered' ? DELIVERED : undefined;
  };
  const notToAccept = (order: OrderJson): Words | undefined => {
    if (hasEnded(order)) return ENDED;
    if (order.payment === 'refunded') return words('The order is refunded.', '订单已退款。');
    if (order.fulfilment !== 'none') return words('The order is accepted already.', '订单已接单。');
    return platform.notToAccept?.(order);
  };
  const spec = (
    name: string,
    label: Words,
    params: readonly AccountField[],
    silence: Pick<ActionSpec, 'moves' | 'onSilence'>,
    refuses: ActionSpec['refuses'],
  ): ActionSpec => ({ name, label, params, ...silence, refuses });
  const answer = (
    name: string,
    label: Words,
    params: readonly AccountField[],
    silence: Pick<ActionSpec, 'moves' | 'onSilence'>,
  ): ActionSpec => ({
    ...spec(name, label, [...params, REQUEST], silence, withoutRequest),
    paramsFrom(order, lines): Readonly<Record<string, string>> {
      const request = platform.openRequest(order, lines);
      return request === undefined ? {} : { request };
    },
  });
  return [
    spec('accept', words('Accept', '接单'), [], { moves: 'nothing', onSilence: platform.acceptOnSilence }, notToAccept),
    spec(
      'cancel',
      words('Cancel', '取消订单'),
      [
        choice('reasonCode', [other, ...rest], words('Reason code', '原因代码'), words(cancelHelp, zh.join('；'))),
        reason(false),
      ],
      { moves: 'money', onSilence: 'ask' },
      unlessOpen,
    ),
    // A repeat could agree to the next request, which nobody decided about.
    answer('agree-refund', requests.agree, platform.agreeTakesReason ? [reason(false)] : [], {
      moves: 'money',
      onSilence: 'ask',
    }),
    answer('reject-refund', requests.reject, [reason(true)], ASK),
    spec('ready', words('Meal ready', '出餐完成'), [], AGAIN, notReady),
    spec('assign', words('Assign an own rider', '分配自有骑手'), platform.assign, AGAIN, notToDeliver),
    spec(
      'picked-up',
      words('On the way', '骑手已取餐（配送中）'),
      platform.pickedUp,
      AGAIN,
      (order) => notToDeliver(order) ?? platform.notToPickUp?.(order),
    ),
    spec('position', words('Rider’s position', '骑手位置'), platform.position, AGAIN, notToDeliver),
    spec('delivered', words('Delivered', '已送达'), platform.delivered, AGAIN, notToDeliver),
    spec('query', words('Read from the platform', '查询平台订单'), [], AGAIN, () => undefined),
  ];
}
