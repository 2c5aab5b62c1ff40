import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { outbound } from './outbound.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/** EM supply system (EM 系统, 蜂巢): audits of supply orders and of stock-ins, signed with MD5 in one of eleven ways. */
export const em = defineConnector({
  id: 'em',
  label: { en: 'EM supply system', zh: 'EM 系统' },
  orderKinds: ['supply', 'stock_in'],
  account,
  topics: [{ name: '', label: { en: 'Audit notices', zh: '审核状态通知' } }],
  registers,
  verify,
  parse,
  reply,
  ...outbound,
  doctor,
  sandbox,
});
