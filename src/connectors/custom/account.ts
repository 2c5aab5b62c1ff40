import { availableAfterField } from '../../core/commission/available-after.ts';
import type { AccountSpec } from '../../core/account-fields.ts';
import type { AccountView } from '../../core/connector.ts';
import { credential, integer, words } from '../../core/field-builders.ts';

/** The tolerance of the Standard Webhooks libraries. */
const DEFAULT_TOLERANCE_SECONDS = 300;
const TOLERANCE = [0, 31_536_000, DEFAULT_TOLERANCE_SECONDS] as const;

export const account: AccountSpec = {
  callbackSecrets: ['secret'],
  credentials: [
    credential('secret', 256, words('Signing secret', '签名密钥'), {
      en: 'whsec_ and base64 as Standard Webhooks has it, or any text. Make one: openssl rand -base64 32.',
      zh: '按 Standard Webhooks 为 whsec_ 加 base64，也可以是任意文本。生成方式：openssl rand -base64 32。',
    }),
  ],
  settings: [
    integer(
      'toleranceSeconds',
      TOLERANCE,
      words('Tolerance of webhook-timestamp, seconds', 'webhook-timestamp 允许的偏差（秒）'),
      {
        en: 'How far the signed time may be from ours, before or behind. 0: not checked.',
        zh: '签名时间与本机时间允许的前后偏差。0 表示不检查。',
      },
    ),
    {
      name: 'baseUrl',
      kind: 'url',
      required: false,
      label: { en: 'Address of your system', zh: '自有系统地址' },
      help: { en: 'For your own notes: nothing is called there yet.', zh: '仅作记录，目前不会调用。' },
    },
    availableAfterField,
  ],
};

/** How far `webhook-timestamp` may be from now, in ms; `undefined` where it is not checked. */
export function toleranceMs({ settings }: Pick<AccountView, 'settings'>): number | undefined {
  const { toleranceSeconds } = settings;
  const seconds = typeof toleranceSeconds === 'number' ? toleranceSeconds : DEFAULT_TOLERANCE_SECONDS;
  return seconds === 0 ? undefined : seconds * 1000;
}
