import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import { appWords } from '../app/words.ts';
import styles from './page-head.module.css';

/** The heading of a page, which is also the title of the window; what can be done on it stands to the right. */
export function PageHead({
  title,
  hint,
  children,
}: {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly children?: ReactNode;
}): ReactNode {
  const { name } = useWords(appWords);
  useEffect(() => {
    document.title = `${title} · ${name}`;
  }, [title, name]);
  return (
    <div className={styles['head']}>
      <div>
        <h1>{title}</h1>
        {hint !== undefined && <p className="muted">{hint}</p>}
      </div>
      {children !== undefined && <div className={styles['tools']}>{children}</div>}
    </div>
  );
}
