import { dictionary } from '../../app/language.ts';

export const ordersWords = dictionary({ title: '订单', what: '.' }, { title: 'Orders', what: '.' });
