import type { AccountSpec } from '../../core/account-fields.ts';
import {
  CALL_SETTINGS,
  HOLD_SECONDS,
  LATE_PAYMENT,
  REPAIR_SECONDS,
  SETTLE_AFTER_SECONDS,
} from '../../core/common-settings.ts';
import type { AccountView } from '../../core/connector.ts';
import { apiHost, choice, credential, host, optionalText, toggle, words } from '../../core/field-builders.ts';
import { LIFE } from '../../core/lives/life-settings.ts';
import { ORDER_CENTRE_SETTINGS, PAYMENT_SETTINGS } from './payment-settings.ts';

/** A key of the trade system: PEM, or the bare base64 that the console shows. */
const KEY_LENGTH = 8000;

const hostHelp = words(
  'Another host for a sandbox or a test; the platform’s own sandbox is https://open-sandbox.douyin.com.',
  '沙箱或测试时使用其他地址；平台自己的沙盒为 https://open-sandbox.douyin.com。',
);

/** Credentials and settings of a mini-program; the README says which unknown fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['token', 'platformPublicKey'],
  // The token valid when an order was paid signs whatever comes for that order, and refunds are open for a year.
  oldSecretsValidSeconds: null,
  credentials: [
    credential('appId', 64, words('App id', '小程序 AppID'), {
      en: 'Of the mini-program, tt….',
      zh: '小程序的 AppID，以 tt 开头。',
    }),
    credential('appSecret', 256, words('App secret', '小程序 AppSecret'), {
      en: 'Fetches access tokens; it signs nothing.',
      zh: '用于获取 access_token，不参与任何签名。',
    }),
    optionalText('salt', 256, words('SALT', '支付 SALT'), {
      en: 'Signs our requests to guaranteed payment; on the payment settings page (支付设置). With a provider, the provider’s.',
      zh: '担保支付请求签名用，在“支付设置”页；服务商模式使用服务商自己的 SALT。',
    }),
    optionalText('token', 256, words('Callback token', '回调 Token'), {
      en: 'Signs the callbacks of guaranteed payment; on the payment settings page. Without it none is taken.',
      zh: '担保支付回调验签用，在“支付设置”页。缺少时不接收此类回调。',
    }),
    optionalText('privateKey', KEY_LENGTH, words('Private key of the app', '应用私钥'), {
      en: 'Trade system: the key whose public half was uploaded to the console. PEM or bare base64.',
      zh: '通用交易系统：与上传到控制台的应用公钥配对的私钥，PEM 或纯 base64。',
    }),
    optionalText('keyVersion', 16, words('Key version', '公钥版本'), {
      en: 'Trade system: the version that the console shows beside the uploaded key; it changes with every upload.',
      zh: '通用交易系统：控制台中应用公钥的版本号，重新上传后会变化。',
    }),
    optionalText('platformPublicKey', KEY_LENGTH, words('Public key of the platform', '平台公钥'), {
      en: 'Trade system: verifies its callbacks. Without it none is taken. PEM or bare base64.',
      zh: '通用交易系统：用于回调验签，缺少时不接收此类回调。PEM 或纯 base64。',
    }),
  ],
  settings: [
    choice('generation', ['auto', 'ecpay', 'trade'], words('Payment generation', '支付体系'), {
      en: 'For new orders. ecpay: guaranteed payment; trade: the trade system; auto: trade once a private key is there. Callbacks are told apart one by one.',
      zh: '用于新订单。ecpay：担保支付；trade：通用交易系统；auto：填写应用私钥后使用 trade。回调按每个请求自动区分。',
    }),
    apiHost('https://developer.toutiao.com', hostHelp),
    host('openBaseUrl', 'https://open.douyin.com', words('Trade system host', '通用交易系统接口地址'), hostHelp),
    choice(
      'urlCheck',
      ['signed', 'echo', 'success'],
      words('Answer to the console’s URL check', '控制台 URL 校验的应答'),
      {
        en: 'signed: echo the text when its signature holds; echo: echo it unasked; success: the JSON of a stored callback.',
        zh: 'signed：验签通过后原样返回；echo：不验签直接返回；success：返回与回调成功相同的 JSON。',
      },
    ),
    toggle('discountReducesPaid', true, words('Discount lowers what was paid', '优惠金额从实付中扣除'), {
      en: 'Trade system: paid is total_amount less discount_amount, else total_amount.',
      zh: '通用交易系统：实付 = total_amount - discount_amount；关闭后实付 = total_amount。',
    }),
    optionalText('orderEntryPath', 512, words('Order page', '订单详情页路径'), {
      en: 'Page of the mini-program for an order of the trade system (order_entry_schema.path), without a slash in front.',
      zh: '通用交易系统订单对应的小程序页面（order_entry_schema.path），不带开头的“/”。',
      pattern: '^[A-Za-z0-9_/]+$',
      default: 'pages/order/detail',
    }),
    toggle('authorizationQuotes', false, words('Quotes in byteAuthorization', 'byteAuthorization 的值加引号'), {
      en: 'off: appid=tt1,…, as the page of requestOrder has it; on: appid="tt1",…, as the page of the algorithm has it.',
      zh: '关：appid=tt1,…（requestOrder 文档写法）；开：appid="tt1",…（签名算法文档写法）。',
    }),
    ...PAYMENT_SETTINGS,
    ...ORDER_CENTRE_SETTINGS,
    LIFE,
    HOLD_SECONDS,
    SETTLE_AFTER_SECONDS,
    LATE_PAYMENT,
    REPAIR_SECONDS,
    ...CALL_SETTINGS,
  ],
};

/** The generation that new orders of an account are made in. */
export function generationOf(view: Pick<AccountView, 'settings' | 'credential'>): 'ecpay' | 'trade' {
  const { generation } = view.settings;
  if (generation === 'ecpay' || generation === 'trade') return generation;
  return view.credential('privateKey') === undefined ? 'ecpay' : 'trade';
}
