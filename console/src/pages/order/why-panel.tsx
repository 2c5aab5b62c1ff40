import { InfoCircleOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { Order, TimelineEntry } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { shortTimeText, clockText } from '../../parts/time.tsx';
import { useToday } from '../../parts/now.ts';
import styles from './order.module.css';
import { useTopicLabel } from './order-context.ts';
import { decisiveRow } from './timeline-rows.ts';
import type { TimelineRow } from './timeline-rows.ts';
import { whySentences } from './why.ts';
import { orderWords } from './words.ts';

/** A sentence why the order is in its status, and on whose word; the word opens to its bytes. */
export function Why({
  order,
  rows,
  onOpen,
}: {
  readonly order: Order;
  readonly rows: readonly TimelineRow[];
  readonly onOpen: (entry: TimelineEntry) => void;
}): ReactNode {
  const words = useWords(orderWords);
  const row = decisiveRow(rows, order.status);
  return (
    <section className={styles['why']} style={{ borderLeftColor: `var(--st-${order.status})` }} aria-label={words.why}>
      <InfoCircleOutlined aria-hidden style={{ color: `var(--st-${order.status})` }} />
      <div>
        <p className={styles['whyText']} data-testid="why">
          {whySentences(order, words).join(' ')}
        </p>
        {row !== undefined && <Because row={row} onOpen={onOpen} />}
      </div>
    </section>
  );
}

function Because({
  row,
  onOpen,
}: {
  readonly row: TimelineRow;
  readonly onOpen: (entry: TimelineEntry) => void;
}): ReactNode {
  const words = useWords(orderWords);
  const topicLabel = useTopicLabel();
  const todayMs = useToday();
  const callback = row.callbacks[0];
  const fact = row.facts[0];
  const event = row.events.at(-1);
  const source =
    callback !== undefined
      ? words.sources.callback(topicLabel(callback.topic))
      : fact === undefined || fact.source === 'callback'
        ? words.sources.callback('')
        : words.sources[fact.source];
  const entry = callback ?? fact ?? event;
  const isToday = row.atMs >= todayMs;
  const time = isToday ? clockText(row.atMs) : shortTimeText(row.atMs, todayMs);
  const text = words.asOf(source, time, String(event?.sequence ?? ''));
  return (
    <p className={styles['because']}>
      {words.because}{' '}
      {entry === undefined ? (
        text
      ) : (
        <button type="button" onClick={() => onOpen(entry)}>
          {text}
        </button>
      )}
    </p>
  );
}
