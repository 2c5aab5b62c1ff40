import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { durationText } from '../parts/duration.ts';
import { useLanguage, useWords } from './language.ts';
import { useLiveState } from './live.ts';
import styles from './lost-banner.module.css';
import { appWords } from './words.ts';

/** A blink of the line is nobody's business. */
const PATIENCE_MS = 1500;

export function LostBanner(): ReactNode {
  const { state, sinceMs } = useLiveState();
  const words = useWords(appWords);
  const language = useLanguage();
  const [nowMs, setNowMs] = useState(() => Date.now());
  const isLost = state === 'lost';
  useEffect(() => {
    if (!isLost) return undefined;
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isLost]);
  const lostMs = nowMs - sinceMs;
  if (!isLost || lostMs < PATIENCE_MS) return null;
  return (
    <div className={styles['banner']} role="alert">
      {words.lostBanner(durationText(lostMs, language))}
    </div>
  );
}
