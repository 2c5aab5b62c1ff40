import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/** Orders from your own code: phone orders, a shop of your own, a platform without a connector. In Huidan's own shape. */
export const custom = defineConnector({
  id: 'custom',
  label: { en: 'Your own code', zh: '自有系统' },
  orderKinds: ['takeaway', 'cps', 'payment', 'vending', 'supply', 'stock_in'],
  account,
  topics: [{ name: '', label: { en: 'Orders', zh: '订单' } }],
  registers,
  verify,
  parse,
  reply,
  doctor,
  sandbox,
});
