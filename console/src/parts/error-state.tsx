import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import { ErrorText } from './error-text.tsx';
import styles from './states.module.css';
import { partWords } from './words.ts';

/** Something could not be read: its code, its words, and another try. */
export function ErrorState({
  error,
  retry,
  isWhole = false,
}: {
  readonly error: Error;
  readonly retry?: (() => void) | undefined;
  readonly isWhole?: boolean;
}): ReactNode {
  const words = useWords(partWords);
  return (
    <div className={styles['state']} data-whole={isWhole} role="alert">
      <p className={styles['title']}>{words.errorTitle}</p>
      <ErrorText error={error} />
      {retry !== undefined && <Button onClick={retry}>{words.retry}</Button>}
    </div>
  );
}
