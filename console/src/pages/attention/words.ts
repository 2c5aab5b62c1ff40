import { dictionary } from '../../app/language.ts';

export const attentionWords = dictionary(
  { title: '待办', what: '需要人处理的事项，按原因分组，并说明该怎么做。' },
  { title: 'Attention', what: 'What needs a person, grouped by cause, with what to do about it.' },
);
