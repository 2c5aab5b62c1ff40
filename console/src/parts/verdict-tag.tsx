import type { ReactNode } from 'react';
import type { Verdict } from '../api/callbacks.ts';
import { useWords } from '../app/language.ts';
import { ToneTag } from './status-tag.tsx';
import type { Tone } from './status-tag.tsx';
import { partWords } from './words.ts';

const TONES: Readonly<Record<Verdict, Tone>> = {
  applied: 'ok',
  duplicate: 'neutral',
  stale: 'neutral',
  rejected: 'danger',
  unrecognised: 'warn',
  nothing: 'neutral',
  held: 'warn',
};

/** What became of a callback; a verdict that is newer than this page shows under its own name. */
export function VerdictTag({ verdict }: { readonly verdict: string }): ReactNode {
  const words: Readonly<Record<string, string>> = useWords(partWords).verdicts;
  const tones: Readonly<Record<string, Tone>> = TONES;
  return <ToneTag tone={tones[verdict] ?? 'neutral'}>{words[verdict] ?? verdict}</ToneTag>;
}
