import { Button } from 'antd';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useRouteError } from 'react-router';
import { useWords } from '../app/language.ts';
import { ErrorText } from './error-text.tsx';
import styles from './states.module.css';
import { partWords } from './words.ts';

const RELOADED_KEY = 'huidan.reloaded-at';
const RELOAD_PAUSE_MS = 60_000;

/** A page broke, or its files are those of an older build that the hub no longer has: then it is loaded anew, once. */
export function ErrorBoundary(): ReactNode {
  const words = useWords(partWords);
  const thrown = useRouteError();
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const isOldBuild = /dynamically imported module|Importing a module script failed/u.test(error.message);
  useEffect(() => {
    if (!isOldBuild || Date.now() - Number(sessionStorage.getItem(RELOADED_KEY) ?? 0) < RELOAD_PAUSE_MS) return;
    sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
    location.reload();
  }, [isOldBuild]);
  return (
    <div className={styles['state']} role="alert">
      <p className={styles['title']}>{words.pageBroken}</p>
      <ErrorText error={error} />
      <Button onClick={() => location.reload()}>{words.reload}</Button>
    </div>
  );
}
