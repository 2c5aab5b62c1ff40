import type { ReactNode } from 'react';
import { ApiError } from '../api/problem.ts';
import { useWords } from '../app/language.ts';
import styles from './states.module.css';
import { partWords } from './words.ts';

/** The words of an error in the reader's language; what the hub itself said where there are none. */
export function useErrorText(): (error: unknown) => string {
  const words: Readonly<Record<string, string>> = useWords(partWords).errors;
  return (error) => {
    if (error instanceof ApiError) return words[error.code] ?? error.message;
    return error instanceof Error ? error.message : String(error);
  };
}

/** An error with its code, so that it can be looked up, and what the hub said of this case. */
export function ErrorText({ error }: { readonly error: Error }): ReactNode {
  const words = useWords(partWords);
  const text = useErrorText()(error);
  if (!(error instanceof ApiError)) return <p className={styles['hint']}>{text}</p>;
  const ownWords = error.message === text ? null : error.message;
  return (
    <div className={styles['error']}>
      <p>
        {text} <code>{error.code}</code>
      </p>
      {ownWords !== null && error.status !== 0 && <p className={styles['hint']}>{ownWords}</p>}
      {error.fields.length > 0 && (
        <ul>
          {error.fields.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              <code>{field}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {error.status >= 500 && error.requestId !== null && (
        <p className={styles['hint']}>
          {words.requestId} <code>{error.requestId}</code>
        </p>
      )}
    </div>
  );
}
