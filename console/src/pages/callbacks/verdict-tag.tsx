import type { ReactNode } from 'react';
import type { Verdict } from '../../api/callbacks.ts';
import { useWords } from '../../app/language.ts';
import { ToneTag } from '../../parts/status-tag.tsx';
import type { Tone } from '../../parts/status-tag.tsx';
import { partWords } from '../../parts/words.ts';

const TONES: Readonly<Record<Verdict, Tone>> = {
  applied: 'ok',
  duplicate: 'neutral',
  stale: 'neutral',
  rejected: 'danger',
  unrecognised: 'warn',
  nothing: 'neutral',
  held: 'warn',
};

export function VerdictTag({ verdict }: { readonly verdict: Verdict }): ReactNode {
  const words = useWords(partWords).verdicts;
  return <ToneTag tone={TONES[verdict]}>{words[verdict]}</ToneTag>;
}
