import { dictionary } from '../../app/language.ts';

export const membersWords = dictionary(
  { title: '会员与佣金', what: '会员层级、余额、对账单、分佣方案与打款。' },
  { title: 'Members and commission', what: 'The tree of members, balances, statements, plans and payouts.' },
);
