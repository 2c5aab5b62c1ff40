import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import styles from './states.module.css';
import { partWords } from './words.ts';

/** Nothing to show: says why, and what would bring something. */
export function EmptyState({
  title,
  hint,
  children,
}: {
  readonly title?: string;
  readonly hint?: ReactNode;
  readonly children?: ReactNode;
}): ReactNode {
  const words = useWords(partWords);
  return (
    <div className={styles['state']}>
      <svg viewBox="0 0 96 64" width="96" height="64" aria-hidden className={styles['picture']}>
        <rect x="14" y="8" width="50" height="13" rx="4" />
        <rect x="22" y="26" width="60" height="13" rx="4" />
        <rect x="8" y="44" width="44" height="13" rx="4" />
      </svg>
      <p className={styles['title']}>{title ?? words.empty}</p>
      {hint !== undefined && <p className={styles['hint']}>{hint}</p>}
      {children}
    </div>
  );
}
