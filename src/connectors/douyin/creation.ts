import type { AccountView } from '../../core/connector.ts';
import type { Creation, OrderWish, Planned } from '../../core/creation.ts';
import type { Alias, Fact } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import { topicFacts, whole, wholeFacts } from '../../core/saying.ts';
import { generationOf } from './account.ts';
import { textSetting } from './payment-settings.ts';
import { ADOPT_FIELDS, goodsOf, PAYMENT_FIELDS, paymentFaults, VALID_SECONDS } from './wished-payment.ts';

type Generation = 'ecpay' | 'trade';

const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** How long the platform takes the payment: as long as the goods are held, within the platform's own limits. */
function validSecondsOf({ fields, holdMs }: OrderWish): number {
  const { validSeconds } = fields;
  const seconds = typeof validSeconds === 'number' ? validSeconds : Math.ceil((holdMs ?? 0) / 1000);
  return Math.min(Math.max(seconds, VALID_SECONDS.least), VALID_SECONDS.most);
}

function plan(account: AccountView, wish: OrderWish): Planned {
  const { merchantOrderId, fields, at, holdMs } = wish;
  const generation = generationOf(account);
  const faults = [...paymentFaults(PAYMENT_FIELDS, fields, merchantOrderId)];
  const tagGroupId = textOf(fields['tagGroupId']) ?? textSetting(account, 'tagGroupId');
  if (generation === 'trade' && tagGroupId === undefined)
    faults.push({ field: 'tagGroupId', message: 'is missing: neither the order nor the account names one' });
  if (faults.length > 0) return { ok: false, faults };
  const validSeconds = validSecondsOf(wish);
  // The hold may end before the platform lets go: what is paid after it is late, and the account's policy decides.
  const openMs = typeof fields['validSeconds'] === 'number' || holdMs === null ? validSeconds * 1000 : holdMs;
  const { amount = null, subject = null, body = subject, cpExtra, storeUid } = fields;
  const items: Json = goodsOf(fields, merchantOrderId).map((goods) => ({ ...goods }));
  return {
    ok: true,
    order: {
      report: {
        aliases: [{ kind: 'merchant', value: merchantOrderId }],
        kind: 'payment',
        at,
        facts: [
          ...plannedFacts(account, wish, generation),
          whole('lifecycle', 'open'),
          whole('expiresAt', at + openMs),
          whole('placedAt', at),
        ],
      },
      params: {
        ...{ amount, subject, body, validSeconds, items },
        ...(cpExtra === undefined ? {} : { cpExtra }),
        ...(storeUid === undefined ? {} : { storeUid }),
        ...(generation === 'trade' && tagGroupId !== undefined ? { tagGroupId } : {}),
      },
    },
  };
}

/** An order of the merchant's own system: nothing is made, but it can be pushed, refunded and settled from here. */
function planAdopted(account: AccountView, wish: OrderWish): Planned {
  const { merchantOrderId, fields, at } = wish;
  const faults = paymentFaults(ADOPT_FIELDS, fields, merchantOrderId);
  if (faults.length > 0) return { ok: false, faults };
  const orderId = textOf(fields['orderId']);
  const numbers: readonly Alias[] = orderId === undefined ? [] : [{ kind: 'platform', value: orderId }];
  return {
    ok: true,
    order: {
      report: {
        aliases: [{ kind: 'merchant', value: merchantOrderId }, ...numbers],
        kind: 'payment',
        at,
        facts: plannedFacts(account, wish, generationOf(account)),
      },
      params: {},
    },
  };
}

/** What is said of an order before its platform has. Its total has no time: what the platform tells replaces it. */
function plannedFacts(account: AccountView, wish: OrderWish, generation: Generation): readonly Fact[] {
  const { merchantOrderId, fields } = wish;
  const goods = goodsOf(fields, merchantOrderId);
  const images = goods.map(({ image }) => image ?? '');
  const detailUrl = textOf(fields['detailUrl']) ?? textSetting(account, 'detailUrl');
  return [
    ...wholeFacts({ payment: 'unpaid', buyer: textOf(fields['openId']) }),
    whole('money.total', Number(fields['amount']), null),
    whole(
      'items',
      goods.map(({ code, title, price, quantity }, index) => ({
        line: String(index + 1),
        sku: code,
        name: title,
        quantity,
        price,
        total: price * quantity,
      })),
    ),
    ...topicFacts('wish', {
      generation,
      ...(images.some((image) => image !== '') ? { item_images: images } : {}),
      ...(detailUrl === undefined ? {} : { detail_url: detailUrl.replaceAll('{orderId}', merchantOrderId) }),
    }),
  ];
}

/** How payments are made, and how those of the merchant's own system are taken in. */
export const creation: Creation = { fields: PAYMENT_FIELDS, plan, adoptFields: ADOPT_FIELDS, planAdopted };
