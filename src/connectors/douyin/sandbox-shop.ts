import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory, Random, SandboxPlatform, ShopperWish } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { payOpen, recall, recallByOrderId } from './sandbox-ledger.ts';
import { orderFromData } from './sandbox-trade.ts';

const GOODS = ['电子会员月卡', '视频课程', '代写文案', '游戏点券', '打印服务', '充电宝租借'] as const;
const openIdOf = (random: Random): string => `_000${random().toString(36).slice(2, 14).padEnd(12, '0')}`;

/** What somebody buys in the merchant's own mini-program: some pay at once, some late, some never. */
export function wish(random: Random, number: number): ShopperWish {
  const title = GOODS[Math.floor(random() * GOODS.length)] ?? GOODS[0];
  const quantity = 1 + Math.floor(random() * 3);
  const price = 10 + Math.floor(random() * 5_000);
  const amount = price * quantity;
  const goods = {
    code: `G${Math.floor(random() * 1000)}`,
    title,
    price,
    quantity,
    image: 'https://example.com/goods.png',
  };
  const fate = random();
  const merchantOrderId = `SHOP${String(number).padStart(12, '0')}${Math.floor(random() * 1e6)}`;
  const body = { merchantOrderId, amount, subject: title, body: title, openId: openIdOf(random), items: [goods] };
  if (fate < 0.1) return { body, needsPayment: false, plot: 'a payment that nobody makes', paysAfterMs: null };
  const paysAfterMs = 1_000 + Math.floor(random() * 15_000);
  return { body, needsPayment: false, plot: 'a payment in the shop’s own app', paysAfterMs };
}

/** The payment of an order that is made at another platform. */
export function wishPayment(random: Random): Readonly<Record<string, Json>> {
  return { subject: '自助售货', body: '自助售货机商品', openId: openIdOf(random) };
}

/** The user pays: an order by its number, or one of the trade system by what was signed of it. */
export const pay: NonNullable<SandboxPlatform['pay']> = (
  name: string,
  at: TimeMs,
  account: AccountView,
  memory: PlatformMemory,
): readonly OutgoingCallback[] | undefined => {
  const made = name.startsWith('{') ? orderFromData(name, at, account, memory) : undefined;
  return payOpen(made ?? recallByOrderId(memory, name) ?? recall(memory, name), at, account, memory);
};
