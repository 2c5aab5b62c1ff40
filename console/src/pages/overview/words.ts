import { dictionary } from '../../app/language.ts';

export const overviewWords = dictionary({ title: '概览', what: '.' }, { title: 'Overview', what: '.' });
