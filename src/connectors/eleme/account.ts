import type { AccountField, AccountSpec, Words } from '../../core/account-fields.ts';
import { AUTO_ACCEPT } from '../../core/auto-accept-field.ts';
import type { AccountView } from '../../core/connector.ts';

/** A setting for something that no public source settles, or sources tell differently; the first choice is the likelier. */
const choice = (name: string, choices: readonly [string, ...string[]], label: Words, help: Words): AccountField => ({
  name,
  kind: 'choice',
  choices,
  default: choices[0],
  required: false,
  label,
  help,
});

/** Credentials and settings of an Ele.me app; the README says which unsure fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['appSecret'],
  credentials: [
    {
      name: 'appKey',
      kind: 'text',
      maxLength: 128,
      required: true,
      label: { en: 'App key', zh: '应用 Key' },
      help: {
        en: 'In the developer console under the app; sandbox and production have a pair each.',
        zh: '开放平台管理中心的应用信息中；沙箱与正式环境各有一对 Key 和 Secret。',
      },
    },
    {
      name: 'appSecret',
      kind: 'text',
      maxLength: 256,
      required: true,
      label: { en: 'App secret', zh: '应用 Secret' },
      help: { en: 'Signs the pushes and our own calls alike.', zh: '消息推送验签与主动调用接口共用此密钥。' },
    },
  ],
  settings: [
    {
      name: 'baseUrl',
      kind: 'url',
      default: 'https://open-api.shop.ele.me',
      required: false,
      label: { en: 'API host', zh: '接口地址' },
      help: {
        en: 'Ele.me’s own sandbox is https://open-api-sandbox.shop.ele.me; it needs the sandbox key and secret.',
        zh: '饿了么沙箱为 https://open-api-sandbox.shop.ele.me，须使用沙箱的 Key 和 Secret。',
      },
    },
    choice(
      'appType',
      ['isv', 'own'],
      { en: 'Kind of app', zh: '应用类型' },
      {
        en: 'isv: merchants authorise the app on a page of Ele.me; own: a merchant’s own app, which needs no page.',
        zh: 'isv：企业应用，商户通过授权页授权；own：个人应用（自研商家），使用 client_credentials，无需授权页。',
      },
    ),
    choice(
      'metasTimestamp',
      ['s', 'ms'],
      { en: 'Time in our calls', zh: '请求时间戳单位' },
      { en: 'metas.timestamp in seconds or milliseconds.', zh: 'metas.timestamp 使用秒（s）或毫秒（ms）。' },
    ),
    choice(
      'refreshScope',
      ['include', 'omit'],
      { en: 'scope when refreshing', zh: '刷新令牌时的 scope' },
      {
        en: 'include: scope=all is sent with a refresh token; omit: it is not.',
        zh: 'include：刷新令牌时带 scope=all；omit：不带。',
      },
    ),
    choice(
      'storeRef',
      ['shopId', 'openId'],
      { en: 'Store of an order', zh: '订单的门店编号' },
      {
        en: 'shopId: Ele.me’s number of the shop; openId: your own code of it where one is set at Ele.me, else the number.',
        zh: 'shopId：饿了么店铺 ID；openId：已在饿了么绑定的商家自有门店编码，未绑定时仍用店铺 ID。',
      },
    ),
    AUTO_ACCEPT,
  ],
};

/** A setting that has one of two values; anything unset or odd is the first, as in the table. */
export const isSet = ({ settings }: Pick<AccountView, 'settings'>, name: string, value: string): boolean =>
  settings[name] === value;
