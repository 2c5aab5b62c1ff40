import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useLanguage, useWords } from '../../app/language.ts';
import { durationText } from '../../parts/duration.ts';
import { clockText, dayText } from '../../parts/time.tsx';
import type { TimelineEntry } from '../../api/orders.ts';
import { ActionCell, CallbackCell, DeliveryCells, FactCell, StatusCell } from './timeline-cells.tsx';
import type { TimelineRow } from './timeline-rows.ts';
import styles from './timeline.module.css';
import { orderWords } from './words.ts';

const LANES = ['source', 'facts', 'status', 'actions', 'deliveries'] as const;
type Lane = (typeof LANES)[number];

/** From a pause of this length on, it is said how long it was. */
const PAUSE_MS = 60_000;

/**
 * What happened to an order as one picture: time goes down; what followed from a message goes right, from the bytes that
 * came to the bytes that left.
 */
export function Timeline({
  rows,
  onOpen,
  more,
}: {
  readonly rows: readonly TimelineRow[];
  readonly onOpen: (entry: TimelineEntry) => void;
  /** Set while there is more to read. */
  readonly more: { readonly isLoading: boolean; load(): void } | null;
}): ReactNode {
  const words = useWords(orderWords).timeline;
  if (rows.length === 0) return <p className="muted">{words.empty}</p>;
  return (
    <div className={styles['picture']}>
      <div className={styles['heads']} aria-hidden>
        {LANES.map((lane) => (
          <span key={lane} data-lane={lane}>
            {words.lanes[lane]}
          </span>
        ))}
      </div>
      <ol aria-label={words.title}>
        {rows.map((row, at) => (
          <li key={row.key}>
            <Gap row={row} before={rows[at - 1]} />
            <Row row={row} onOpen={onOpen} />
          </li>
        ))}
      </ol>
      {more !== null && (
        <Button className={styles['more'] ?? ''} loading={more.isLoading} onClick={() => more.load()}>
          {words.loadMore}
        </Button>
      )}
    </div>
  );
}

/** A night between two lines must not look like a second. */
function Gap({ row, before }: { readonly row: TimelineRow; readonly before: TimelineRow | undefined }): ReactNode {
  const language = useLanguage();
  const isNewDay = before === undefined || dayText(before.atMs) !== dayText(row.atMs);
  const pauseMs = before === undefined ? 0 : row.atMs - before.atMs;
  if (!isNewDay && pauseMs < PAUSE_MS) return null;
  return (
    <div className={styles['gap']}>
      <span>{isNewDay ? dayText(row.atMs) : `+ ${durationText(pauseMs, language)}`}</span>
    </div>
  );
}

function Row({
  row,
  onOpen,
}: {
  readonly row: TimelineRow;
  readonly onOpen: (entry: TimelineEntry) => void;
}): ReactNode {
  const { callbacks, facts, events, actions, deliveries } = row;
  const cells: Readonly<Record<Lane, ReactNode[]>> = {
    source:
      callbacks.length > 0
        ? [<CallbackCell key="callback" callbacks={callbacks} onOpen={onOpen} />]
        : facts.slice(0, 1).map((fact) => <SourceMark key={fact.id} source={fact.source} />),
    facts: facts.map((fact) => <FactCell key={fact.id} fact={fact} onOpen={onOpen} />),
    status: events.map((event) => <StatusCell key={event.id} event={event} onOpen={onOpen} />),
    actions: actions.map((action) => <ActionCell key={action.id} action={action} onOpen={onOpen} />),
    deliveries: deliveries.length === 0 ? [] : [<DeliveryCells key="all" deliveries={deliveries} onOpen={onOpen} />],
  };
  const filled = LANES.map((lane) => cells[lane].length > 0);
  return (
    <div className={styles['row']}>
      <time dateTime={new Date(row.atMs).toISOString()} className={styles['time']}>
        {clockText(row.atMs)}
        <small>.{String(row.atMs % 1000).padStart(3, '0')}</small>
      </time>
      {LANES.map((lane, at) => (
        <div
          key={lane}
          className={styles['cell']}
          data-lane={lane}
          data-empty={filled[at] !== true}
          // The line goes on to the right as long as something follows there.
          data-leads={filled.slice(0, at + 1).includes(true) && filled.slice(at + 1).includes(true)}
        >
          {cells[lane]}
        </div>
      ))}
    </div>
  );
}

function SourceMark({ source }: { readonly source: 'callback' | 'query' | 'poll' | 'action' }): ReactNode {
  const words = useWords(orderWords).timeline;
  const text = { callback: words.lanes.source, query: words.query, poll: words.poll, action: words.action }[source];
  return <span className={styles['mark']}>{text}</span>;
}
