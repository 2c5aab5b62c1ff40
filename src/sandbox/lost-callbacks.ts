import type { Connector } from '../core/connector.ts';
import type { Story } from '../core/sandbox.ts';
import { compareOrder } from './compare-order.ts';
import { memoryOf } from './ledger-state.ts';
import type { LedgerState, LostCallback, OrderRecord } from './ledger-state.ts';
import type { Leftovers } from './leftovers.ts';
import { storyOf } from './lives.ts';
import { ALARM } from './registration.ts';
import type { PlatformTruth } from './platform-truth.ts';
import { textOf } from './untrusted-json.ts';
import type { Fields } from './untrusted-json.ts';
import type { Difference } from './verify.ts';

/** What became of the callbacks that were never sent. */
export interface LostCount {
  readonly lost: number;
  /** The hub asked, and was told by the answer what the callback would have told it. */
  readonly found: number;
  /** The order would look the same had it come: a later message, or the hub's own step, said it too. */
  readonly needless: number;
  /** The platform cannot be asked, and the order is in the attention queue. */
  readonly inQueue: number;
  /** Nobody could have asked: no call of the platform tells it, or no message ever named the order. */
  readonly unasked: number;
}

export const NOTHING_LOST: LostCount = { lost: 0, found: 0, needless: 0, inQueue: 0, unasked: 0 };

type Fate = Exclude<keyof LostCount, 'lost'> | 'missed';

/** What is known of the hub when it is judged; `repaired` left out: its count of what no callback told is not looked at. */
export interface LostWorld {
  readonly state: LedgerState;
  readonly platforms: ReadonlyMap<string, Connector>;
  readonly hubOrders: ReadonlyMap<string, Fields>;
  readonly truth: PlatformTruth;
  readonly leftovers: Pick<Leftovers, 'orders'>;
  /** The hub's orders that it says only questions told of. */
  readonly repaired?: ReadonlySet<string>;
  /** What the comparison of the orders found. */
  readonly differences: readonly Difference[];
}

/**
 * Holds every callback that was never sent against what the hub did about it. A lost callback is found when an answer
 * has told the hub since what it would have told; that the answer shows on the order is the other comparisons' affair.
 * What nobody can be asked about must be in the attention queue, as far as the hub keeps a clock for it.
 */
export function judgeLost(world: LostWorld): {
  readonly count: LostCount;
  readonly differences: readonly Difference[];
} {
  const count = { ...NOTHING_LOST };
  const differences: Difference[] = [];
  const add = (fate: Fate, subject: string, detail: string, lost = 1): void => {
    count.lost += lost;
    if (fate === 'missed') differences.push({ kind: 'drop', subject, detail });
    else count[fate] += lost;
  };
  const byNumber = hubOrdersByNumber(world.hubOrders);
  for (const record of world.state.orders.values()) judgeStory(world, record, byNumber, add);
  for (const lost of world.state.setOff.lost) judgeSetOff(world, lost, byNumber, add);
  return { count, differences };
}

type Add = (fate: Fate, subject: string, detail: string, lost?: number) => void;

function judgeStory(world: LostWorld, record: OrderRecord, byNumber: HubOrders, add: Add): void {
  const { order, told, happened, read } = record;
  const lost = Array.from({ length: happened }, (_, step) => step).filter((step) => !told.includes(step));
  if (lost.length === 0) return;
  const platform = world.platforms.get(order.platform);
  const story = platform === undefined ? undefined : storyOf(platform, order);
  const found = byNumber.get(numberKey(order.account, order.platformOrderId));
  const subject = `${order.account} ${order.platformOrderId} (${order.plot})`;
  // Another release may tell other stories.
  if (platform === undefined || story === undefined) return add('unasked', subject, '', lost.length);
  const memory = memoryOf(world.state, order.account);
  if (told.length === 0 && read === undefined && found === undefined) {
    if (platform.polls === undefined) return add('unasked', subject, '', lost.length);
    return add(
      'missed',
      subject,
      `none of its ${lost.length} callbacks came, and the hub did not find it`,
      lost.length,
    );
  }
  if (told.length === 0 && found !== undefined && world.repaired?.has(found.id) === false) {
    add('missed', `${subject} ${found.id}`, 'no callback of it came, and it is not in the count of those', 0);
  }
  for (const step of lost) {
    const fate = fateOf(world, { platform, record, story, found, memory }, step);
    add(fate, subject, `callback ${step + 1} of ${order.steps} never came, and the hub has not asked since`);
  }
}

interface LostStep {
  readonly platform: Connector;
  readonly record: OrderRecord;
  readonly story: Story;
  readonly found: HubOrder | undefined;
  readonly memory: ReturnType<typeof memoryOf>;
}

function fateOf(world: LostWorld, { platform, record, story, found, memory }: LostStep, step: number): Fate {
  const answered = story.answered?.(step, record.told, memory) ?? ((record.read ?? 0) > step ? 'yes' : 'no');
  if (answered === 'yes') return 'found';
  const all = [...record.told, step].sort((a, b) => a - b);
  if (found !== undefined && compareOrder(story.expected(all, record.read, memory), found.order).length === 0)
    return 'needless';
  if (found !== undefined && world.leftovers.orders.has(found.id)) return 'inQueue';
  if (answered === 'never') return 'unasked';
  if (platform.readTruth !== undefined) return 'missed';
  return found !== undefined && isAlarmed(world, found) ? 'missed' : 'unasked';
}

/** Whether the hub keeps a clock for an order of this kind that ends in the attention queue, and it has run out by now. */
function isAlarmed({ state }: LostWorld, { order }: HubOrder): boolean {
  const isAudited = order['kind'] === 'supply' || order['kind'] === 'stock_in';
  const account = [...state.accounts.values()].find(({ id }) => id === order['account']);
  return isAudited && account?.settings[ALARM] === 0;
}

/** What a call or a platform's clock set off: the platform itself says how its order stands, and that is compared. */
function judgeSetOff(world: LostWorld, lost: LostCallback, byNumber: HubOrders, add: Add): void {
  const { account, callback } = lost;
  const texts = [callback.body, callback.topic, callback.url ?? ''];
  const words = texts.flatMap((text) => text.match(/[A-Za-z0-9_-]{6,64}/gu) ?? []);
  const about = words.map((word) => byNumber.get(numberKey(account, word))).find((known) => known !== undefined);
  if (about === undefined) return add('unasked', account, '');
  const number = textOf(about.order['platformOrderId']) ?? '?';
  const subject = `${account} ${number} ${about.id}`;
  if (world.truth.orders.get(account)?.get(number)?.isUntold === true) {
    const fate = world.leftovers.orders.has(about.id) ? 'inQueue' : isAlarmed(world, about) ? 'missed' : 'unasked';
    return add(fate, subject, 'nobody can be asked about it, and it is in no queue');
  }
  const isWrong = world.differences.some((difference) => difference.subject.endsWith(about.id));
  add(isWrong ? 'missed' : 'found', subject, 'a callback about it never came, and it differs from the platform’s');
}

interface HubOrder {
  readonly id: string;
  readonly order: Fields;
}
type HubOrders = ReadonlyMap<string, HubOrder>;

const numberKey = (account: string, number: string): string => JSON.stringify([account, number]);

function hubOrdersByNumber(orders: ReadonlyMap<string, Fields>): HubOrders {
  const known = new Map<string, HubOrder>();
  for (const [id, order] of orders) {
    const account = textOf(order['account']) ?? '';
    for (const name of ['displayId', 'merchantOrderId', 'platformOrderId']) {
      const number = textOf(order[name]);
      if (number !== undefined) known.set(numberKey(account, number), { id, order });
    }
  }
  return known;
}
