import type { AccountSpec } from '../../src/core/account-fields.ts';
import { apiHost, credential, words } from '../../src/core/field-builders.ts';

/** Credentials and settings, under the platform's own names; whatever its documents leave open becomes a setting. */
export const account: AccountSpec = {
  callbackSecrets: ['appSecret'],
  credentials: [
    credential('appSecret', 256, words('App secret', '应用密钥'), {
      en: 'Where the console shows it.',
      zh: '在平台后台的位置。',
    }),
  ],
  settings: [apiHost('https://api.example.com')],
};
