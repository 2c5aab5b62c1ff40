import type { ReactNode } from 'react';
import styles from './order.module.css';

export function Panel({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={styles['panel']}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Lines of a panel; what is not known is left out. */
export function Pairs({ lines }: { readonly lines: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className={styles['pairs']}>
      {lines
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
