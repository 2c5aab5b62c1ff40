import type { AccountField, AccountSpec, Words } from '../../core/account-fields.ts';
import {
  CALL_SETTINGS,
  DISPENSE_TIMEOUT_SECONDS,
  HOLD_SECONDS,
  LATE_PAYMENT,
  ONE_ITEM_PER_DISPENSE,
  REPAIR_SECONDS,
  SETTLE_PAYMENT_AFTER_SECONDS,
} from '../../core/common-settings.ts';
import type { AccountView } from '../../core/connector.ts';
import { LIFE } from '../../core/lives/life-settings.ts';

const credential = (name: string, maxLength: number, label: Words, help: Words): AccountField => ({
  name,
  kind: 'text',
  maxLength,
  required: true,
  label,
  help,
});

/** A setting for a fact that no public source settles; the first choice is the likelier. */
const choice = (name: string, choices: readonly [string, ...string[]], label: Words, help: Words): AccountField => ({
  name,
  kind: 'choice',
  choices,
  default: choices[0],
  required: false,
  label,
  help,
});

const number = (
  name: string,
  range: { readonly minimum: number; readonly maximum: number; readonly default: number },
  label: Words,
  help: Words,
): AccountField => ({ name, kind: 'integer', ...range, required: false, label, help });

/** Credentials and settings of an account; the README says which unsure fact each setting is for. */
export const account: AccountSpec = {
  // The tokens of the callback addresses are made with it.
  callbackSecrets: ['merchantKey'],
  credentials: [
    credential(
      'appid',
      64,
      { en: 'Appid', zh: 'Appid' },
      { en: 'In the console under merchant information; begins with ds.', zh: '商户管理 → 商户信息，以 ds 开头。' },
    ),
    credential(
      'appSecret',
      128,
      { en: 'AppSecret', zh: 'AppSecret' },
      {
        en: 'Beside the Appid; sent with every call, so use HTTPS only.',
        zh: '与 Appid 同页；每次调用都会携带，务必使用 HTTPS。',
      },
    ),
    credential(
      'merchantKey',
      128,
      { en: 'Merchant key', zh: '商户密钥（商户 ID / AppKey）' },
      {
        en: 'Shown as merchant id or AppKey. Signs our calls and makes the callback addresses; is never sent.',
        zh: '控制台中显示为商户 ID 或 AppKey。用于签名与生成回调地址，不会发送。',
      },
    ),
  ],
  settings: [
    {
      name: 'baseUrl',
      kind: 'url',
      default: 'https://www.awish.vip',
      required: false,
      label: { en: 'API host', zh: '接口地址' },
      help: { en: 'Another host for a sandbox or a test.', zh: '沙箱或测试时使用其他地址。' },
    },
    choice(
      'signEncoding',
      ['raw', 'urlencoded'],
      { en: 'Values in the signature', zh: '签名中的参数值' },
      {
        en: 'raw: as they are; urlencoded: as in a form. Differs only for reserved characters.',
        zh: 'raw：原样；urlencoded：按表单编码。仅对保留字符有区别。',
      },
    ),
    choice(
      'refundStatus',
      ['refunded', 'requested'],
      { en: 'Meaning of status REFUND', zh: '订单状态 REFUND（转入退款）的含义' },
      {
        en: 'refunded: the money went back; requested: it was only asked for.',
        zh: 'refunded：已退款；requested：仅发起退款。',
      },
    ),
    LIFE,
    HOLD_SECONDS,
    LATE_PAYMENT,
    DISPENSE_TIMEOUT_SECONDS,
    SETTLE_PAYMENT_AFTER_SECONDS,
    ONE_ITEM_PER_DISPENSE,
    number(
      'machineSyncSeconds',
      { minimum: 10, maximum: 86_400, default: 300 },
      { en: 'Interval of the machine sync (seconds)', zh: '设备同步间隔（秒）' },
      {
        en: 'How often machines, slots and stock are read from the platform.',
        zh: '多久从平台读取一次设备、货道与库存。',
      },
    ),
    number(
      'lowStock',
      { minimum: 0, maximum: 1000, default: 2 },
      { en: 'Low stock', zh: '低库存' },
      {
        en: 'A slot with so many items or fewer to be sold raises stock.low.',
        zh: '货道可售数量不高于此值时发出 stock.low 事件。',
      },
    ),
    REPAIR_SECONDS,
    ...CALL_SETTINGS,
  ],
};

/** The host without a slash at its end. */
export function baseUrlOf({ settings }: Pick<AccountView, 'settings'>): string {
  const { baseUrl } = settings;
  return typeof baseUrl === 'string' ? baseUrl.replace(/\/+$/u, '') : '';
}
