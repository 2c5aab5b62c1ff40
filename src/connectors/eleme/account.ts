import type { AccountSpec } from '../../core/account-fields.ts';
import { apiHost, choice, credential, optionalText, timeUnit, words } from '../../core/field-builders.ts';
import { takeawaySettings } from '../../core/takeaway-settings.ts';

/** Credentials and settings of an Ele.me app; the README says which unsure fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['appSecret'],
  credentials: [
    credential('appKey', 128, words('App key', '应用 Key'), {
      en: 'In the developer console under the app; sandbox and production have a pair each.',
      zh: '开放平台管理中心的应用信息中；沙箱与正式环境各有一对 Key 和 Secret。',
    }),
    credential('appSecret', 256, words('App secret', '应用 Secret'), {
      en: 'Signs the pushes and our own calls alike.',
      zh: '消息推送验签与主动调用接口共用此密钥。',
    }),
  ],
  settings: [
    apiHost('https://open-api.shop.ele.me', {
      en: 'Ele.me’s own sandbox is https://open-api-sandbox.shop.ele.me; it needs the sandbox key and secret.',
      zh: '饿了么沙箱为 https://open-api-sandbox.shop.ele.me，须使用沙箱的 Key 和 Secret。',
    }),
    choice('appType', ['isv', 'own'], words('Kind of app', '应用类型'), {
      en: 'isv: merchants authorise the app on a page of Ele.me; own: a merchant’s own app, which needs no page.',
      zh: 'isv：企业应用，商户通过授权页授权；own：个人应用（自研商家），使用 client_credentials，无需授权页。',
    }),
    timeUnit('metasTimestamp', ['s', 'ms'], words('Time in our calls (metas)', '请求时间戳（metas）的单位')),
    choice('refreshScope', ['include', 'omit'], words('scope when refreshing', '刷新令牌时的 scope'), {
      en: 'include: scope=all is sent with a refresh token; omit: it is not.',
      zh: 'include：刷新令牌时带 scope=all；omit：不带。',
    }),
    choice('storeRef', ['shopId', 'openId'], words('Store of an order', '订单的门店编号'), {
      en: 'shopId: Ele.me’s number of the shop; openId: your own code of it where one is set at Ele.me, else the number.',
      zh: 'shopId：饿了么店铺 ID；openId：已在饿了么绑定的商家自有门店编码，未绑定时仍用店铺 ID。',
    }),
    optionalText('appId', 18, words('App number', '应用 ID（appId）'), {
      en: 'The appId of every push. With it the messages that were not reached are asked for too; without it the core ones alone.',
      zh: '每条推送中的 appId。填写后会一并拉取未到达的非核心消息，否则只补拉核心消息。',
      pattern: '^[0-9]+$',
    }),
    optionalText('failedPushIds', 40, words('Name of the confirmed message ids', '确认拉取消息时的参数名'), {
      en: 'In msgConfirmRequest of eleme.msgNew.confirmPullMsg; its fields are not public.',
      zh: 'eleme.msgNew.confirmPullMsg 的 msgConfirmRequest 中消息 ID 列表的字段名，公开资料未见。',
      pattern: '^[A-Za-z]+$',
      default: 'requestIds',
    }),
    ...takeawaySettings({
      en: 'No public source tells Ele.me’s own limit; set the one of your agreement.',
      zh: '公开资料未见饿了么的接单时限，请按实际约定填写。',
    }),
  ],
};
