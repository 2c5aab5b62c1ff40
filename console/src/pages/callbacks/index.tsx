import type { ReactNode } from 'react';
import { useWords } from '../../app/language.ts';
import { Coming } from '../../parts/coming.tsx';
import { callbacksWords } from './words.ts';

export function Page(): ReactNode {
  const words = useWords(callbacksWords);
  return <Coming title={words.title} what={words.what} />;
}
