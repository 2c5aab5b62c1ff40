import { createHmac } from 'node:crypto';
import { nameCases } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';

const WHSEC = `whsec_${Buffer.from('a key of thirty-two bytes, surely').toString('base64')}`;
const CUSTOM_BODY = '{"id":"phone-1", "total":1200}';
const custom = (name: string, key: string | Uint8Array, text: string, ...codes: string[]): Case => ({
  name: `custom ${name}`,
  question: {
    platform: 'custom',
    account: { secret: WHSEC },
    body: CUSTOM_BODY,
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${createHmac('sha256', key).update(text).digest('base64')}`,
    },
  },
  codes,
  scheme: 'standard_webhooks',
  secret: 'secret',
});
const CUSTOM_KEY = Buffer.from('a key of thirty-two bytes, surely');

const CUSTOM_CASES: readonly Case[] = [
  custom('as it should be', CUSTOM_KEY, `msg_1.1700000000.${CUSTOM_BODY}`),
  custom('with the text as key', WHSEC, `msg_1.1700000000.${CUSTOM_BODY}`, 'key_not_decoded'),
  custom('with only the body', CUSTOM_KEY, CUSTOM_BODY, 'body_only'),
  custom('without dots', CUSTOM_KEY, `msg_11700000000${CUSTOM_BODY}`, 'no_dots'),
  custom(
    'with the body written again',
    CUSTOM_KEY,
    `msg_1.1700000000.${CUSTOM_BODY.replace(', ', ',')}`,
    'body_rewritten',
  ),
];

nameCases(CUSTOM_CASES);
