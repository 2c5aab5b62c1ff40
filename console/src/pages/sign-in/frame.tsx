import type { ReactNode } from 'react';
import { useWords } from '../../app/language.ts';
import { Mark } from '../../app/mark.tsx';
import { LanguageButton } from '../../app/top-bar.tsx';
import { appWords } from '../../app/words.ts';
import styles from './sign-in.module.css';
import { signInWords } from './words.ts';

/** What is around a page that is seen before the console itself. */
export function Frame({ children }: { readonly children: ReactNode }): ReactNode {
  const words = useWords(signInWords);
  const { name } = useWords(appWords);
  return (
    <div className={styles['frame']}>
      <div className={styles['corner']}>
        <LanguageButton />
      </div>
      <main className={styles['card']}>
        <div className={styles['brand']}>
          <Mark />
          <div>
            <strong>{name}</strong>
            <p className="muted">{words.slogan}</p>
          </div>
        </div>
        {children}
      </main>
    </div>
  );
}

/** A labelled field; the label is above, so that long English words fit a phone. */
export function Field({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode {
  return (
    <label className={styles['field']}>
      <span>{label}</span>
      {children}
    </label>
  );
}
