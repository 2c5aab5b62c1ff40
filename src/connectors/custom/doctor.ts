import { deviation } from '../../core/doctor/deviation.ts';
import { PLAIN_MESSAGE } from '../../core/doctor/scheme.ts';
import type { DoctorSheet } from '../../core/doctor/scheme.ts';
import { noted, USUAL_MESSAGE_FORMS } from '../../core/doctor/usual-forms.ts';

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
        deviation(
          'key_not_decoded',
          { key: 'text' },
          'the whole text of the secret is the key: the base64 after whsec_ must be decoded',
          '以密钥全文作为 key：应对 whsec_ 之后的部分做 base64 解码',
        ),
        deviation(
          'key_decoded',
          { key: 'base64' },
          'the secret is decoded from base64 although it has no whsec_ in front: put whsec_ before it here',
          '密钥没有 whsec_ 前缀却被 base64 解码：请在此处的密钥前加上 whsec_',
        ),
        noted(USUAL_MESSAGE_FORMS.bodyOnly, ', without id and timestamp', '，缺少 id 和时间戳'),
        deviation('no_id', { text: '{header:webhook-timestamp}.{body}' }, 'the id is not signed', '缺少 id'),
        deviation('no_timestamp', { text: '{header:webhook-id}.{body}' }, 'the timestamp is not signed', '缺少时间戳'),
        deviation(
          'no_dots',
          { text: '{header:webhook-id}{header:webhook-timestamp}{body}' },
          'the dots between id, timestamp and body are missing',
          'id、时间戳与请求体之间缺少点号',
        ),
        USUAL_MESSAGE_FORMS.bodyRewritten,
      ],
    },
  ],
};
