import { dictionary } from '../../app/language.ts';

export const accountsWords = dictionary(
  { title: '账号与门店', what: '平台账号、凭证检查、回调地址、密钥轮换、门店绑定与健康状况。' },
  {
    title: 'Accounts and stores',
    what: 'Accounts, credential checks, callback addresses, secret rotation, store bindings and health.',
  },
);
