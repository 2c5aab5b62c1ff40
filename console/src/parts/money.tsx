import type { ReactNode } from 'react';
import styles from './money.module.css';

/** `¥1,234.50` from fen, digit by digit and never through a float. */
export function yuanText(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  const yuan = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/gu, ',');
  return `${fen < 0 ? '−' : ''}¥${yuan}.${digits.slice(-2)}`;
}

/** Fen of a yuan text such as `12`, `12.5`, `12.50`; undefined where it is none. */
export function fenOf(text: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/u.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
}

/** Money in fen; null is unknown and never zero. */
export function Money({
  fen,
  isStrong = false,
}: {
  readonly fen: number | null;
  readonly isStrong?: boolean;
}): ReactNode {
  if (fen === null) return <span className="muted">–</span>;
  const text = yuanText(fen);
  return (
    <span className={styles['money']} data-strong={isStrong}>
      {text}
    </span>
  );
}
