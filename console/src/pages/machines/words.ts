import { dictionary } from '../../app/language.ts';

export const machinesWords = dictionary(
  { title: '机器', what: '售货机各货道的库存、占用、出货记录与故障。' },
  { title: 'Machines', what: 'Stock by slot, holds, dispense history and faults of the vending machines.' },
);
