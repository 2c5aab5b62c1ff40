import type { AccountSpec } from '../../core/account-fields.ts';
import type { AccountView } from '../../core/connector.ts';
import { DEFAULT_SCHEME, SCHEME_NAMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

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
  ],
};

/** The account's scheme; an unset one is the default. */
export function schemeOf({ settings }: Pick<AccountView, 'settings'>): SchemeName {
  return SCHEME_NAMES.find((name) => name === settings['signScheme']) ?? DEFAULT_SCHEME;
}
