import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { answerGet, parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { outbound } from './outbound.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/**
 * Douyin mini-programs (抖音小程序): guaranteed payment, whose callbacks carry a SHA-1 over a token, and the trade system
 * that follows it, which signs with RSA. One address takes both.
 */
export const douyin = defineConnector({
  id: 'douyin',
  label: { en: 'Douyin mini-program', zh: '抖音小程序' },
  orderKinds: ['payment'],
  account,
  topics: [{ name: '', label: { en: 'Payment, refund, settlement', zh: '支付、退款、结算回调' } }],
  registers,
  verify,
  parse,
  reply,
  answerGet,
  ...outbound,
  doctor,
  sandbox,
});
