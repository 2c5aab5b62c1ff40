import { isSet } from '../../core/account-fields.ts';
import type { AccountSpec } from '../../core/account-fields.ts';
import { CALL_SETTINGS, REPAIR_SECONDS } from '../../core/common-settings.ts';
import { availableAfterField } from '../../core/commission/available-after.ts';
import type { AccountView } from '../../core/connector.ts';
import {
  apiHost,
  choice,
  credential,
  emptyInSignature,
  host,
  integer,
  optionalText,
  toggle,
  words,
} from '../../core/field-builders.ts';

/** Credentials and settings of a Meituan Union account; the README says which unknown fact each setting is for. */
export const account: AccountSpec = {
  callbackSecrets: ['callbackSecret'],
  credentials: [
    credential('appkey', 128, words('App key', 'appkey（媒体名称）'), {
      en: 'In the union console, under your media.',
      zh: '联盟后台的媒体管理中。',
    }),
    credential('secret', 256, words('API secret', '接口 secret'), {
      en: 'Signs our own calls to the union API.',
      zh: '用于我们主动调用联盟接口的签名。',
    }),
    optionalText('callbackSecret', 256, words('Callback secret', '回调 secret'), {
      en: 'Signs the order pushes; it is not the API secret and stands elsewhere in the console. Without it no push is taken.',
      zh: '订单回推的签名密钥，与接口 secret 不同，在后台的另一处。缺少时不接收回推。',
    }),
  ],
  settings: [
    choice('generation', ['g2', 'cps_open'], words('API generation', '接口版本'), {
      en: 'g2: openapi.meituan.com; cps_open: media.meituan.com, for which no push is known.',
      zh: 'g2：openapi.meituan.com；cps_open：media.meituan.com，目前未见其有订单回推。',
    }),
    apiHost('https://openapi.meituan.com'),
    host('mediaBaseUrl', 'https://media.meituan.com', words('cps_open host', 'cps_open 接口地址')),
    emptyInSignature('include', 'skip'),
    choice('nullInSignature', ['drop', 'empty', 'text'], words('null in the signature', '签名中的 null'), {
      en: 'drop: the field is left out; empty: its name is signed alone; text: it is signed as the text null.',
      zh: 'drop：不参与签名；empty：仅字段名参与；text：以文本 null 参与。',
    }),
    choice('arrayForm', ['compact', 'spaced'], words('Arrays in the signature', '签名中的数组'), {
      en: 'compact: [2,3]; spaced: [2, 3].',
      zh: 'compact：[2,3]；spaced：[2, 3]。',
    }),
    toggle('queryCommission', true, words('Ask for commission', '查询佣金'), {
      en: 'After each push the order is asked for once, since no push holds an amount of commission.',
      zh: '回推不含佣金金额，收到后主动查询该订单一次。',
    }),
    availableAfterField,
    optionalText('listBusinessLines', 100, words('Business lines to list (g2)', '查询的业务线（g2）'), {
      en: 'The g2 list wants a business line, so each is read by itself. One that the platform refuses is left out.',
      zh: 'g2 订单列表必须按业务线查询，逐条读取；平台拒绝的业务线会被跳过。',
      pattern: String.raw`^\d{1,4}(,\d{1,4}){0,19}$`,
      default: '1,2,3,4,5,6,7,9,10',
    }),
    integer('payDaysAgain', [1, 90, 30], words('Pay days read again (g2)', '重读付款日天数（g2）'), {
      en: 'How many pay days are read again every six hours: a late refund of an old order shows nowhere else.',
      zh: '每六小时重读多少天内的付款订单：旧订单的退款等变化只能由此发现。',
    }),
    REPAIR_SECONDS,
    ...CALL_SETTINGS,
  ],
};

/** How an account's pushes are put into text for signing; every value is a fact that no public source settles. */
export interface SigningRules {
  readonly emptyValue: 'include' | 'skip';
  readonly nullValue: 'drop' | 'empty' | 'text';
  readonly arrayForm: 'compact' | 'spaced';
}

/** The signing rules among an account's settings; an unset one has its default. */
export function signingRules({ settings }: Pick<AccountView, 'settings'>): SigningRules {
  const { nullInSignature } = settings;
  return {
    emptyValue: settings['emptyInSignature'] === 'skip' ? 'skip' : 'include',
    nullValue: nullInSignature === 'empty' || nullInSignature === 'text' ? nullInSignature : 'drop',
    arrayForm: settings['arrayForm'] === 'spaced' ? 'spaced' : 'compact',
  };
}

/** Whether the pushes of an account are followed by a question for the commission. */
export const asksForCommission = (view: AccountView): boolean =>
  !isSet(view, 'queryCommission', false) && view.credential('secret') !== undefined;
