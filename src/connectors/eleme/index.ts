import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { answerGet, parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { outbound } from './outbound.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/** Ele.me (饿了么): takeaway orders pushed as numbered messages, JSON in JSON, signed with MD5 in a field of their own. */
export const eleme = defineConnector({
  id: 'eleme',
  label: { en: 'Ele.me', zh: '饿了么' },
  orderKinds: ['takeaway'],
  account,
  topics: [{ name: '', label: { en: 'All messages', zh: '消息推送（全部消息）' } }],
  registers,
  verify,
  parse,
  reply,
  answerGet,
  ...outbound,
  doctor,
  sandbox,
});
