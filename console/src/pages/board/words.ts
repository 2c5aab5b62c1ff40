import { dictionary } from '../../app/language.ts';

export const boardWords = dictionary({ title: '看板', what: '.' }, { title: 'Board', what: '.' });
