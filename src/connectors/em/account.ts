import type { AccountSpec } from '../../core/account-fields.ts';
import { CALL_SETTINGS } from '../../core/common-settings.ts';
import type { AccountView } from '../../core/connector.ts';
import { AUDIT_ALARM_HOURS, LIFE } from '../../core/lives/life-settings.ts';
import { DEFAULT_SCHEME, SCHEME_NAMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

/** No page shows an answer of EM, so where its parts stand is said by paths. */
const PATH = {
  kind: 'text',
  maxLength: 300,
  pattern: String.raw`^[\w-]+(\.[\w-]+)*(,[\w-]+(\.[\w-]+)*)*$`,
  required: false,
} as const;

/** Credentials and settings of an EM account; the README says which unknown fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['appSecret'],
  credentials: [
    {
      name: 'appid',
      kind: 'text',
      maxLength: 128,
      required: true,
      label: { en: 'App id', zh: 'appid（合作伙伴 AppId）' },
      help: {
        en: 'Issued by EM. A notice with another appid is refused.',
        zh: '由 EM 生成并提供。appid 不符的通知会被拒绝。',
      },
    },
    {
      name: 'appSecret',
      kind: 'text',
      maxLength: 256,
      required: true,
      label: { en: 'App secret', zh: 'appSecret（密钥）' },
      help: { en: 'Issued by EM together with the appid; signs both ways.', zh: '与 appid 一同提供，双向签名都用它。' },
    },
  ],
  settings: [
    {
      name: 'signScheme',
      kind: 'choice',
      choices: SCHEME_NAMES,
      default: DEFAULT_SCHEME,
      required: false,
      label: { en: 'Signature scheme', zh: '签名方式' },
      help: {
        en: 'How sign is computed. A refused notice says when another scheme fits.',
        zh: 'sign 的计算方式。通知被拒绝时，若其他方式相符会在原因中注明。',
      },
    },
    {
      name: 'baseUrl',
      kind: 'url',
      // The only address in the vendor's documents: bare IP, plain HTTP. Taken for a test host until the vendor says more.
      default: 'http://47.101.175.115:7070',
      required: false,
      label: { en: 'API host', zh: '接口地址' },
      help: {
        en: 'The address in the documents looks like a test host; enter the one that EM gives you.',
        zh: '文档中的地址疑为测试环境，请填写 EM 提供的正式地址。',
      },
    },
    {
      name: 'notifyUrlIn',
      kind: 'choice',
      choices: ['top_level', 'request_data', 'none'],
      default: 'top_level',
      required: false,
      label: { en: 'Where notify_url goes', zh: 'notify_url 的位置' },
      help: {
        en: 'top_level: a signed parameter beside the others, as in the vendor’s payment API; request_data: in there; none: EM knows the address already.',
        zh: 'top_level：与其他参数并列并参与签名（同厂商支付接口的做法）；request_data：放在其中；none：EM 已配置好地址。',
      },
    },
    {
      ...PATH,
      name: 'tradeNoPath',
      default: 'data.trade_no,data.tradeNo,data.tradeno,data,trade_no,tradeNo',
      label: { en: 'Trade number in the answer', zh: '应答中的单号路径' },
      help: {
        en: 'Where the answer to a new trade holds EM’s number: names joined by dots; several paths by commas, the first that says something counts.',
        zh: '创建订单的应答中 EM 单号所在路径：以点分隔；可用逗号列出多个，取第一个有值的。',
      },
    },
    {
      ...PATH,
      name: 'codePath',
      default: 'code,errcode,status,success',
      label: { en: 'Result code in the answer', zh: '应答中的结果码路径' },
      help: { en: 'In the same form.', zh: '格式同上。' },
    },
    {
      name: 'okCodes',
      kind: 'text',
      maxLength: 200,
      pattern: String.raw`^[^,\s]+(,[^,\s]+)*$`,
      default: '0,200,true,SUCCESS,success',
      required: false,
      label: { en: 'Codes that mean done', zh: '表示成功的结果码' },
      help: {
        en: 'Joined by commas. What is none of them is a refusal; an answer without a code is unclear, and a person must look.',
        zh: '以逗号分隔；不在其中的视为拒绝；没有结果码的应答视为不明，需人工确认。',
      },
    },
    {
      name: 'numberInRemark',
      kind: 'boolean',
      default: true,
      required: false,
      label: { en: 'Our number in the trade’s remark', zh: '订单备注带上我方单号' },
      help: {
        en: 'Where a trade has no remark of its own: so that it can be found at EM when the answer was not heard.',
        zh: '未填写订单备注时写入我方单号，便于应答丢失时在 EM 中查找。',
      },
    },
    LIFE,
    AUDIT_ALARM_HOURS,
    ...CALL_SETTINGS,
  ],
};

/** The account's scheme; an unset one is the default. */
export function schemeOf({ settings }: Pick<AccountView, 'settings'>): SchemeName {
  return SCHEME_NAMES.find((name) => name === settings['signScheme']) ?? DEFAULT_SCHEME;
}
