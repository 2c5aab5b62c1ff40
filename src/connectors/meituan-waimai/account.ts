import type { AccountField, AccountSpec, Words } from '../../core/account-fields.ts';
import { AUTO_ACCEPT } from '../../core/auto-accept-field.ts';
import type { AccountView } from '../../core/connector.ts';

/** A setting for a fact that no public source settles, or sources tell differently; the first choice is the likelier. */
const choice = (name: string, choices: readonly [string, ...string[]], label: Words, help: Words): AccountField => ({
  name,
  kind: 'choice',
  choices,
  default: choices[0],
  required: false,
  label,
  help,
});

const host = (name: string, url: string, label: Words): AccountField => ({
  name,
  kind: 'url',
  default: url,
  required: false,
  label,
  help: { en: 'Another host for a sandbox or a test.', zh: '沙箱或测试时使用其他地址。' },
});

/** Credentials and settings of an account; the README says which unsure fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['signKey'],
  credentials: [
    {
      name: 'developerId',
      kind: 'text',
      maxLength: 20,
      pattern: '^[0-9]+$',
      required: true,
      label: { en: 'Developer id', zh: '开发者 ID（developerId）' },
      help: { en: 'A number, in the console under the app.', zh: '数字，在开放平台控制台的应用信息中。' },
    },
    {
      name: 'signKey',
      kind: 'text',
      maxLength: 128,
      required: true,
      label: { en: 'Sign key', zh: '签名密钥（SignKey）' },
      help: { en: 'Signs our calls and the callbacks alike.', zh: '我们的调用与平台的回调共用此密钥签名。' },
    },
  ],
  settings: [
    host('baseUrl', 'https://api-open-cater.meituan.com', { en: 'API host', zh: '接口地址' }),
    host('bindUrl', 'https://open-erp.meituan.com', { en: 'Host of the binding pages', zh: '门店映射页面地址' }),
    choice(
      'bindLink',
      ['signed', 'unsigned'],
      { en: 'Binding link', zh: '门店映射链接' },
      {
        en: 'signed: with a signature; unsigned: the old form, which shows the sign key in the address.',
        zh: 'signed：带签名；unsigned：旧形式，签名密钥会明文出现在地址中。',
      },
    ),
    choice(
      'bindTimestamp',
      ['ms', 's'],
      { en: 'Time in the binding link', zh: '映射链接的时间单位' },
      { en: 'Milliseconds or seconds.', zh: '毫秒（ms）或秒（s）。' },
    ),
    choice(
      'bindCallbacks',
      ['unsigned_allowed', 'signed_only'],
      { en: 'Bind and unbind callbacks', zh: '绑定与解绑回调' },
      {
        en: 'unsigned_allowed: one without a signature is believed for a pending binding and proved by a call.',
        zh: 'unsigned_allowed：无签名的回调仅在有待绑定门店时采信，并以一次查询核实；signed_only：必须带签名。',
      },
    ),
    choice(
      'emptyInSignature',
      ['skip', 'include'],
      { en: 'Empty values in the signature', zh: '签名中的空值' },
      {
        en: 'skip: an empty field is left out; include: its name is signed.',
        zh: 'skip：空字段不参与签名；include：空字段的字段名参与签名。',
      },
    ),
    choice(
      'apiVersion',
      ['2', '1'],
      { en: 'API generation', zh: '接口版本' },
      {
        en: '2: business parameters as JSON in biz; 1: as plain parameters.',
        zh: '2：业务参数放在 biz；1：平铺参数。',
      },
    ),
    choice(
      'statusSix',
      ['delivering', 'delivered'],
      { en: 'Meaning of order status 6', zh: '订单状态 6（已配送）的含义' },
      { en: 'On the way, or handed over.', zh: 'delivering：配送中；delivered：已送达。' },
    ),
    choice(
      'partRefundUnit',
      ['yuan', 'fen'],
      { en: 'Unit of money in a partial refund push', zh: '部分退款推送中金额的单位' },
      { en: 'Yuan or fen.', zh: '元（yuan）或分（fen）。' },
    ),
    choice(
      'settlementNumber',
      ['display', 'platform'],
      { en: 'Order number in a settlement push', zh: '对账推送中的订单号' },
      {
        en: 'display: the number shown to the user; platform: the order id.',
        zh: 'display：展示号；platform：订单 ID。',
      },
    ),
    {
      name: 'acceptWithinMinutes',
      kind: 'integer',
      minimum: 1,
      maximum: 60,
      default: 5,
      required: false,
      label: { en: 'Minutes to accept an order', zh: '接单时限（分钟）' },
      help: { en: 'After it the platform cancels by itself.', zh: '超时未接单，平台会自动取消。' },
    },
    AUTO_ACCEPT,
  ],
};

/** Whether a setting has another value than its default choice. */
export const isSet = ({ settings }: Pick<AccountView, 'settings'>, name: string, value: string): boolean =>
  settings[name] === value;
