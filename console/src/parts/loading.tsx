import { Spin } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import styles from './states.module.css';
import { partWords } from './words.ts';

/** Shown while something is being read; of the whole window before anything else is there. */
export function Loading({ isWhole = false }: { readonly isWhole?: boolean }): ReactNode {
  const words = useWords(partWords);
  return (
    <div className={styles['state']} data-whole={isWhole} role="status" aria-label={words.loading}>
      <Spin />
    </div>
  );
}
