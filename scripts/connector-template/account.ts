import type { AccountSpec } from '../../src/core/account-fields.ts';

/** Credentials and settings, under the platform's own names; whatever its documents leave open becomes a setting. */
export const account: AccountSpec = {
  callbackSecrets: ['appSecret'],
  credentials: [
    {
      name: 'appSecret',
      kind: 'text',
      maxLength: 256,
      required: true,
      label: { en: 'App secret', zh: '应用密钥' },
      help: { en: 'Where the console shows it.', zh: '在平台后台的位置。' },
    },
  ],
  settings: [
    {
      name: 'baseUrl',
      kind: 'url',
      default: 'https://api.example.com',
      required: false,
      label: { en: 'API host', zh: '接口地址' },
      help: { en: 'Another host for a sandbox or a test.', zh: '沙箱或测试时使用其他地址。' },
    },
  ],
};
