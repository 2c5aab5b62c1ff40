import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { outbound } from './outbound.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/** Meituan Union (美团联盟): CPS orders pushed as flat JSON objects, signed with MD5 in a field of their own. */
export const meituanUnion = defineConnector({
  id: 'meituan-union',
  label: { en: 'Meituan Union', zh: '美团联盟' },
  orderKinds: ['cps'],
  account,
  topics: [{ name: '', label: { en: 'Order push', zh: '订单回推' } }],
  registers,
  verify,
  parse,
  reply,
  ...outbound,
  doctor,
  sandbox,
});
