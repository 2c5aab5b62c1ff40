import type { ReactNode } from 'react';
import { ORDER_STATUSES } from '../../api/orders.ts';
import type { OrderStatus } from '../../api/orders.ts';
import type { AttentionItem } from '../../api/attention.ts';
import { useWords } from '../../app/language.ts';
import { Money } from '../../parts/money.tsx';
import { useActionName } from '../../parts/platform-badge.tsx';
import { StatusTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './attention.module.css';
import { attentionWords } from './words.ts';

/** What there is to say of one trouble: numbers, codes and reasons, by names that people know. */
export function Cause({
  cause,
  platform,
}: {
  readonly cause: AttentionItem['cause'];
  readonly platform: string;
}): ReactNode {
  const names: Readonly<Record<string, string>> = useWords(attentionWords).causes;
  const show = useShown(platform);
  const entries = Object.entries(cause).filter(([, value]) => value !== null && value !== '');
  if (entries.length === 0) return null;
  return (
    <dl className={styles['cause']}>
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{names[name] ?? name}</dt>
          <dd>{show(name, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

const isStatus = (value: string): value is OrderStatus => (ORDER_STATUSES as readonly string[]).includes(value);

function useShown(platform: string): (name: string, value: unknown) => ReactNode {
  const actionName = useActionName(platform);
  const { errors }: { readonly errors: Readonly<Record<string, string>> } = useWords(partWords);
  return (name, value) => {
    if (name === 'amount' && typeof value === 'number') return <Money fen={value} isStrong />;
    if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join('; ');
    if (typeof value !== 'string') return JSON.stringify(value);
    if (name === 'action') return actionName(value);
    if (name === 'status' && isStatus(value)) return <StatusTag status={value} />;
    if (name === 'code') return <code title={errors[value]}>{value}</code>;
    return /^\d{4}-\d\d-\d\dT/u.test(value) ? <Time at={value} /> : value;
  };
}
