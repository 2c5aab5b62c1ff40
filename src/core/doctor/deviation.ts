import type { Words } from '../account-fields.ts';

/** One thing that a signer did otherwise than the scheme says. */
export interface Deviation<Rules> {
  readonly code: string;
  /** Completes "it matches when …"; `{field}` and `{text}` are filled in. */
  readonly words: Words;
  readonly change: Partial<Rules>;
  /** The field that it is about, where it is one. */
  readonly field?: string;
}

/** Makes one. */
export const deviation = <Rules>(code: string, change: Partial<Rules>, en: string, zh: string): Deviation<Rules> => ({
  code,
  words: { en, zh },
  change,
});

export const CASE_WORDS: Readonly<Record<'notation' | 'cut' | 'blanks', Words>> = {
  notation: {
    en: 'the signature is written in another form ({given}) than the scheme says ({wanted})',
    zh: '签名的书写形式（{given}）与约定（{wanted}）不同',
  },
  cut: { en: 'the signature is cut short', zh: '签名被截短' },
  blanks: { en: 'blanks or quotes stand around the signature', zh: '签名首尾多了空白或引号' },
};
