import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { outbound } from './outbound.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/**
 * Vending machines by the open API of 鼎商云: unsigned dispense reports at an address with a token of ours for each
 * order. A report is a hint; what money may follow is asked of the platform.
 */
export const vending = defineConnector({
  id: 'vending',
  label: { en: 'Vending machines (Dingshang)', zh: '售货机（鼎商云）' },
  orderKinds: ['vending'],
  account,
  topics: 'token',
  registers,
  verify,
  parse,
  reply,
  ...outbound,
  doctor,
  sandbox,
});
