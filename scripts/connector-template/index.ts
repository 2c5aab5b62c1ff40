import { defineConnector } from '../../src/core/connector.ts';
import { account } from './account.ts';
import { parse, registers, reply } from './callback.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/** New platform: what it sells, what it posts, how it signs. One sentence. */
export const newPlatform = defineConnector({
  id: 'new-platform',
  label: { en: 'New platform', zh: 'New platform' },
  orderKinds: ['payment'],
  account,
  topics: [{ name: '', label: { en: 'Order notice', zh: '订单通知' } }],
  registers,
  verify,
  parse,
  reply,
  sandbox,
});
