import type { AccountSpec } from '../../core/account-fields.ts';
import { apiHost, choice, credential, emptyInSignature, host, timeUnit, words } from '../../core/field-builders.ts';
import { takeawaySettings } from '../../core/takeaway-settings.ts';

const UNCONFIRMED_CALLS = ['getUnConfirmedOrders', 'queryNewOrdersByDevId'] as const;

/** Credentials and settings of an account; the README says which unsure fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['signKey'],
  credentials: [
    credential('developerId', 20, words('Developer id', '开发者 ID（developerId）'), {
      en: 'A number, in the console under the app.',
      zh: '数字，在开放平台控制台的应用信息中。',
      pattern: '^[0-9]+$',
    }),
    credential('signKey', 128, words('Sign key', '签名密钥（SignKey）'), {
      en: 'Signs our calls and the callbacks alike.',
      zh: '我们的调用与平台的回调共用此密钥签名。',
    }),
  ],
  settings: [
    apiHost('https://api-open-cater.meituan.com'),
    host('bindUrl', 'https://open-erp.meituan.com', words('Host of the binding pages', '门店映射页面地址')),
    choice('bindLink', ['signed', 'unsigned'], words('Binding link', '门店映射链接'), {
      en: 'signed: with a signature; unsigned: the old form, which shows the sign key in the address.',
      zh: 'signed：带签名；unsigned：旧形式，签名密钥会明文出现在地址中。',
    }),
    timeUnit('bindTimestamp', ['ms', 's'], words('Time in the binding link', '映射链接的时间单位')),
    choice('bindCallbacks', ['unsigned_allowed', 'signed_only'], words('Bind and unbind callbacks', '绑定与解绑回调'), {
      en: 'unsigned_allowed: one without a signature is believed for a pending binding and proved by a call.',
      zh: 'unsigned_allowed：无签名的回调仅在有待绑定门店时采信，并以一次查询核实；signed_only：必须带签名。',
    }),
    emptyInSignature('skip', 'include'),
    choice('apiVersion', ['2', '1'], words('API generation', '接口版本'), {
      en: '2: business parameters as JSON in biz; 1: as plain parameters.',
      zh: '2：业务参数放在 biz；1：平铺参数。',
    }),
    choice('statusSix', ['delivering', 'delivered'], words('Meaning of order status 6', '订单状态 6（已配送）的含义'), {
      en: 'On the way, or handed over.',
      zh: 'delivering：配送中；delivered：已送达。',
    }),
    choice('partRefundUnit', ['yuan', 'fen'], words('Unit of a partial refund push', '部分退款推送的金额单位'), {
      en: 'Of its sum of money: yuan or fen.',
      zh: '其中金额的单位：元（yuan）或分（fen）。',
    }),
    choice('settlementNumber', ['display', 'platform'], words('Number in a settlement push', '对账推送中的订单号'), {
      en: 'display: the number shown to the user; platform: the order id.',
      zh: 'display：展示号；platform：订单 ID。',
    }),
    choice('unconfirmedCall', UNCONFIRMED_CALLS, words('Call for unconfirmed orders', '查询未确认订单的接口'), {
      en: 'Of the newest list of calls, or the one before; both take developerId, maxOffsetId and size.',
      zh: '新版接口清单中的，或旧版的接口；参数均为 developerId、maxOffsetId、size。',
    }),
    ...takeawaySettings(words('After it the platform cancels by itself.', '超时未接单，平台会自动取消。')),
  ],
};
