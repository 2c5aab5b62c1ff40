import type { ReactNode } from 'react';
import type { OrderKind, OrderStatus } from '../api/orders.ts';
import { useWords } from '../app/language.ts';
import styles from './tag.module.css';
import { partWords } from './words.ts';

/** The status of an order, by word and colour. With `kind`, "paid" says whether anybody has to accept it. */
export function StatusTag({
  status,
  kind,
}: {
  readonly status: OrderStatus;
  readonly kind?: OrderKind | undefined;
}): ReactNode {
  const words = useWords(partWords);
  const text = status === 'paid' && kind !== 'takeaway' ? words.paidOnly : words.statuses[status];
  return (
    <span
      className={styles['tag']}
      style={{ color: `var(--st-${status})`, background: `var(--st-${status}-soft)` }}
      data-status={status}
    >
      <i aria-hidden className={styles['dot']} />
      {text}
    </span>
  );
}

export type Tone = 'neutral' | 'ok' | 'warn' | 'danger' | 'info' | 'accent';

const TONES: Readonly<Record<Tone, string>> = {
  neutral: 'pending',
  ok: 'completed',
  warn: 'paid',
  danger: 'failed',
  info: 'accepted',
  accent: 'fulfilling',
};

/** Any other word with a colour that says how good it is. */
export function ToneTag({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }): ReactNode {
  const name = TONES[tone];
  return (
    <span className={styles['tag']} style={{ color: `var(--st-${name})`, background: `var(--st-${name}-soft)` }}>
      {children}
    </span>
  );
}

const FLAG_TONES: Readonly<Record<string, Tone>> = {
  refund_requested: 'danger',
  cancel_requested: 'danger',
  delivery_trouble: 'danger',
  late_payment: 'warn',
  risk: 'warn',
  reminder: 'warn',
};

/** A flag of an order; one that is newer than this page shows under its own name. */
export function FlagTag({ flag }: { readonly flag: string }): ReactNode {
  const words: Readonly<Record<string, string>> = useWords(partWords).flags;
  return <ToneTag tone={FLAG_TONES[flag] ?? 'neutral'}>{words[flag] ?? flag}</ToneTag>;
}
