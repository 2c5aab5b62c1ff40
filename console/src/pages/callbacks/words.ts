import { dictionary } from '../../app/language.ts';

export const callbacksWords = dictionary(
  { title: '回调', what: '平台发来的每一条回调，按结果分类：原始请求、我们的回复、重新处理，以及验签诊断。' },
  {
    title: 'Callbacks',
    what: 'Every callback of the platforms by verdict: the raw request, our reply, redrive, and the signature doctor.',
  },
);
