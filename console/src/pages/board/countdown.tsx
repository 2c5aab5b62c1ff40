import type { ReactNode } from 'react';
import { useWords } from '../../app/language.ts';
import { useNow } from '../../parts/now.ts';
import styles from './card.module.css';
import type { Deadline } from './columns.ts';
import { boardWords } from './words.ts';

const URGENT_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The clock that runs for an order, second by second. */
export function Countdown({ deadline: { kind, atMs } }: { readonly deadline: Deadline }): ReactNode {
  const words = useWords(boardWords);
  const leftMs = atMs - useNow();
  const say = { accept: words.acceptWithin, answer: words.answerWithin, pay: words.payWithin }[kind];
  const isLate = leftMs <= 0;
  return (
    <span className={styles['clock']} data-urgent={leftMs < URGENT_MS} data-late={isLate}>
      {isLate ? words.late : say(clockText(leftMs))}
    </span>
  );
}

/** `4:07`, `1:04:07`. */
function clockText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const tail = `${String(Math.floor((seconds % 3600) / 60)).padStart(ms >= HOUR_MS ? 2 : 1, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  return ms >= HOUR_MS ? `${Math.floor(seconds / 3600)}:${tail}` : tail;
}
