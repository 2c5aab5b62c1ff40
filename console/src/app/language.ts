import { usePreferences } from './preferences.ts';

export type Language = 'zh' | 'en';

/** The same shape with any text: texts stay texts, functions take the same arguments. */
export type Translated<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Translated<T[K]>;
};

export interface Dictionary<T> {
  readonly zh: Translated<T>;
  readonly en: Translated<T>;
}

/** Words of a page. Chinese is the shape: a word that English lacks, or has too much, does not compile. */
export function dictionary<T>(zh: T, en: NoInfer<Translated<T>>): Dictionary<T> {
  return { zh: zh as Translated<T>, en };
}

export const useLanguage = (): Language => usePreferences().language;

export function useWords<T>(words: Dictionary<T>): Translated<T> {
  return words[useLanguage()];
}

/** Words that came from the hub in both languages. */
export function useOwnWords(): (words: { readonly zh: string; readonly en: string }) => string {
  const language = useLanguage();
  return (words) => words[language];
}
