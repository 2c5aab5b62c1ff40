import type { ParamFault } from '../../core/action-params.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Creation, OrderWish, Planned } from '../../core/creation.ts';
import type { Fact } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import { topicLine, WHOLE } from '../../core/registers.ts';
import { shownItems, tradeFaults, tradeFields } from './trade-fields.ts';

/** Stands in remarks and in our own tables. */
const OUR_NUMBER = /^[0-9A-Za-z_-]{1,64}$/u;

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function plan(_account: AccountView, { merchantOrderId, fields, at }: OrderWish): Planned {
  const faults: ParamFault[] = [...tradeFaults(fields)];
  if (!OUR_NUMBER.test(merchantOrderId))
    faults.push({ field: 'merchantOrderId', message: 'must have 1 to 64 letters, digits, - or _' });
  if (faults.length > 0) return { ok: false, faults };
  const address = ['province', 'city', 'district', 'address'].map((name) => textOf(fields[name])).join('');
  const customer = { name: textOf(fields['name']), phone: textOf(fields['phone']), address, location: null };
  const made = { deliveryDate: textOf(fields['deliveryDate']), warehouseId: JSON.stringify(fields['warehouseId']) };
  const facts: readonly Fact[] = [
    { line: WHOLE, register: 'fulfilment', value: 'none' },
    { line: WHOLE, register: 'items', value: shownItems(fields) },
    { line: WHOLE, register: 'customer', value: customer },
    { line: WHOLE, register: 'placedAt', value: at },
    // Beside the fields of the notices, which are replaced as a whole.
    { line: topicLine('made'), register: 'platformFields', value: made },
  ];
  const alias = { kind: 'merchant', value: merchantOrderId } as const;
  return { ok: true, order: { report: { aliases: [alias], kind: 'supply', at, facts }, params: fields } };
}

/** How a trade is made. EM knows no number of ours, so a call whose answer is not heard is never sent again. */
export const creation: Creation = { fields: tradeFields, plan };
