import type { ReactNode } from 'react';
import type { EndpointQueue } from '../../api/endpoints.ts';
import { useWords } from '../../app/language.ts';
import { TimeAgo } from '../../parts/time.tsx';
import styles from './endpoints.module.css';
import { endpointsWords } from './words.ts';

/** How an endpoint stands: nothing to do, or how much waits and why. */
export function QueueState({ queue }: { readonly queue: EndpointQueue }): ReactNode {
  const words = useWords(endpointsWords);
  const { waiting, failing, blocked, oldestDueAt } = queue;
  if (waiting === 0 && blocked === 0) return <p className={styles['healthy']}>{words.healthy}</p>;
  const numbers = [
    { label: words.waiting, count: waiting, tone: 'plain' },
    { label: words.failing, count: failing, tone: failing > 0 ? 'warn' : 'plain' },
    { label: words.blocked, count: blocked, tone: blocked > 0 ? 'danger' : 'plain' },
  ];
  return (
    <dl className={styles['queue']}>
      {numbers.map(({ label, count, tone }) => (
        <div key={label} data-tone={tone}>
          <dt>{label}</dt>
          <dd>{count}</dd>
        </div>
      ))}
      {oldestDueAt !== null && (
        <div data-tone="plain">
          <dt>{words.oldest}</dt>
          <dd className={styles['since']}>
            <TimeAgo at={oldestDueAt} />
          </dd>
        </div>
      )}
    </dl>
  );
}
