import { PLAIN_MESSAGE } from '../../core/doctor/scheme.ts';
import type { DoctorSheet } from '../../core/doctor/scheme.ts';

const TEXT = '{header:webhook-id}.{header:webhook-timestamp}.{body}';

export const doctor: DoctorSheet = {
  schemes: [
    {
      kind: 'message',
      code: 'standard_webhooks',
      label: { en: 'Standard Webhooks', zh: 'Standard Webhooks' },
      direction: 'in',
      signature: { in: 'header', name: 'webhook-signature', prefix: 'v1,' },
      secrets: ['secret'],
      body: 'json',
      expects: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
      timestamp: { name: 'webhook-timestamp', unit: 's' },
      rules: { ...PLAIN_MESSAGE, text: TEXT, key: 'prefixed-base64' },
      forms: [
        {
          code: 'key_not_decoded',
          words: {
            en: 'the whole text of the secret is the key: the base64 after whsec_ must be decoded',
            zh: '以密钥全文作为 key：应对 whsec_ 之后的部分做 base64 解码',
          },
          change: { key: 'text' },
        },
        {
          code: 'key_decoded',
          words: {
            en: 'the secret is decoded from base64 although it has no whsec_ in front: put whsec_ before it here',
            zh: '密钥没有 whsec_ 前缀却被 base64 解码：请在此处的密钥前加上 whsec_',
          },
          change: { key: 'base64' },
        },
        {
          code: 'body_only',
          words: {
            en: 'only the body is signed, without id and timestamp',
            zh: '只有请求体参与签名，缺少 id 和时间戳',
          },
          change: { text: '{body}' },
        },
        {
          code: 'no_id',
          words: { en: 'the id is not signed', zh: '缺少 id' },
          change: { text: '{header:webhook-timestamp}.{body}' },
        },
        {
          code: 'no_timestamp',
          words: { en: 'the timestamp is not signed', zh: '缺少时间戳' },
          change: { text: '{header:webhook-id}.{body}' },
        },
        {
          code: 'no_dots',
          words: { en: 'the dots between id, timestamp and body are missing', zh: 'id、时间戳与请求体之间缺少点号' },
          change: { text: '{header:webhook-id}{header:webhook-timestamp}{body}' },
        },
        {
          code: 'body_rewritten',
          words: {
            en: 'the body is signed as JavaScript writes it again, not as it was sent',
            zh: '参与签名的是 JavaScript 重新序列化的请求体，而非实际发送的内容',
          },
          change: { body: 'js' },
        },
      ],
    },
  ],
};
