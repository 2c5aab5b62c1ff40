import type { ReactNode } from 'react';
import styles from './connection-pill.module.css';
import { useWords } from './language.ts';
import { useLiveState } from './live.ts';
import { appWords } from './words.ts';

/** Whether what is shown is live, in a word and not by colour alone. */
export function ConnectionPill(): ReactNode {
  const words = useWords(appWords);
  const { state } = useLiveState();
  return (
    <span className={styles['pill']} data-state={state} data-testid="connection" role="status">
      <i aria-hidden />
      <span>{words.connection[state]}</span>
    </span>
  );
}
