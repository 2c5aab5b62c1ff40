import type { ReactNode } from 'react';
import type { OrderKind, OrderStatus } from '../api/orders.ts';
import { useWords } from '../app/language.ts';
import styles from './tag.module.css';
import { partWords } from './words.ts';

/** The word for a status; "paid" and "pending" depend on what is being waited for. */
export function useStatusText(): (status: OrderStatus, kind?: OrderKind) => string {
  const words = useWords(partWords);
  return (status, kind) => {
    if (status === 'paid' && kind !== undefined && kind !== 'takeaway') return words.paidOnly;
    if (status === 'pending' && (kind === 'supply' || kind === 'stock_in')) return words.toAudit;
    return words.statuses[status];
  };
}

/** The status of an order, by word and colour. With `kind`, "paid" says whether anybody has to accept it. */
export function StatusTag({
  status,
  kind,
}: {
  readonly status: OrderStatus;
  readonly kind?: OrderKind | undefined;
}): ReactNode {
  const text = useStatusText()(status, kind);
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
