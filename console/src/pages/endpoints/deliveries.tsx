import { App, Drawer, Segmented } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { DELIVERY_OUTCOMES, listDeliveries, startReplay } from '../../api/endpoints.ts';
import type { Delivery } from '../../api/endpoints.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { BytesView } from '../../parts/bytes-view.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import type { Tone } from '../../parts/status-tag.tsx';
import { Time, TimeAgo } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './endpoints.module.css';
import { endpointsWords } from './words.ts';

const TONES: Readonly<Record<Delivery['outcome'], Tone>> = { delivered: 'ok', failed: 'warn', dead: 'danger' };
const REFETCH_MS = 5000;
const UNDELIVERED = 'undelivered';

/** What was sent to an endpoint and what it answered; dead letters are one of the filters. */
export function Deliveries({ endpoint }: { readonly endpoint: string }): ReactNode {
  const words = useWords(endpointsWords);
  const outcomes = useWords(partWords).deliveryOutcomes;
  const [params, setParams] = useSearchParams();
  const [open, setOpen] = useState<Delivery | null>(null);
  const chosen = params.get('outcome') ?? '';
  const isDead = chosen === UNDELIVERED;
  const filter = {
    endpoint,
    outcome: isDead ? 'dead' : chosen === '' ? null : chosen,
    ...(isDead ? { undelivered: true } : {}),
  };
  return (
    <section>
      <h2 className={styles['heading']}>{words.deliveries}</h2>
      <div className={styles['filters']}>
        <Segmented
          aria-label={words.filterOutcome}
          value={chosen}
          onChange={(value) => setParams(value === '' ? {} : { outcome: value }, { replace: true })}
          options={[
            { value: '', label: words.all },
            ...DELIVERY_OUTCOMES.map((outcome) => ({ value: outcome, label: outcomes[outcome] })),
            { value: UNDELIVERED, label: words.dead },
          ]}
        />
      </div>
      <CursorTable<Delivery>
        label={words.deliveries}
        queryKey={['deliveries', filter]}
        read={(cursor, signal) => listDeliveries(filter, cursor, signal)}
        columns={columnsOf(words, outcomes, setOpen)}
        rowKey="id"
        refetchIntervalMs={REFETCH_MS}
        onOpen={setOpen}
        empty={<EmptyState title={words.noDeliveries} />}
      />
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={words.detail} size={560}>
        {open !== null && <DeliveryView delivery={open} onReplayed={() => setOpen(null)} />}
      </Drawer>
    </section>
  );
}

type Words = ReturnType<typeof useWords<(typeof endpointsWords)['zh']>>;

function columnsOf(
  words: Words,
  outcomes: Readonly<Record<Delivery['outcome'], string>>,
  open: (delivery: Delivery) => void,
): TableColumnsType<Delivery> {
  return [
    {
      title: words.time,
      dataIndex: 'at',
      width: 130,
      // The row opens by a click; by keyboard it is this button.
      render: (at: string, delivery) => (
        <button type="button" className={styles['open']} onClick={() => open(delivery)}>
          <TimeAgo at={at} />
        </button>
      ),
    },
    { title: words.event, dataIndex: 'type', width: 160, render: (type: string) => <code>{type}</code> },
    { title: words.subject, dataIndex: 'subject', ellipsis: true, className: styles['id'] ?? '' },
    { title: words.sequence, dataIndex: 'sequence', width: 80 },
    { title: words.attempt, dataIndex: 'attempt', width: 90 },
    {
      title: words.outcome,
      dataIndex: 'outcome',
      width: 110,
      render: (_: unknown, { outcome, replay }) => (
        <>
          <ToneTag tone={TONES[outcome]}>{outcomes[outcome]}</ToneTag>
          {replay !== null && <ToneTag tone="info">{words.isReplay}</ToneTag>}
        </>
      ),
    },
    { title: words.status, dataIndex: 'statusCode', width: 80, render: (code: number | null) => code ?? '–' },
    { title: words.took, dataIndex: 'durationMs', width: 110, render: (ms: number) => words.ms(String(ms)) },
  ];
}

function DeliveryView({
  delivery,
  onReplayed,
}: {
  readonly delivery: Delivery;
  readonly onReplayed: () => void;
}): ReactNode {
  const words = useWords(endpointsWords);
  const outcomes = useWords(partWords).deliveryOutcomes;
  const mayWrite = useMay('write');
  const { message } = App.useApp();
  const { outcome, event, endpoint, subject } = delivery;
  return (
    <div className={styles['detail']}>
      <p>
        <ToneTag tone={TONES[outcome]}>{outcomes[outcome]}</ToneTag> <code>{delivery.type}</code>
      </p>
      <dl className={styles['facts']}>
        <dt>{words.time}</dt>
        <dd>
          <Time at={delivery.at} isWhole />
        </dd>
        <dt>{words.event}</dt>
        <dd>
          <code>{event}</code>
        </dd>
        <dt>{words.sequence}</dt>
        <dd>{delivery.sequence}</dd>
        <dt>{words.attempt}</dt>
        <dd>{delivery.attempt}</dd>
        <dt>{words.status}</dt>
        <dd>{delivery.statusCode ?? '–'}</dd>
        <dt>{words.took}</dt>
        <dd>{words.ms(String(delivery.durationMs))}</dd>
      </dl>
      {delivery.error !== null && (
        <>
          <h3>{words.error}</h3>
          <p className={styles['fault']}>{delivery.error}</p>
        </>
      )}
      <h3>{words.response}</h3>
      {delivery.response === null ? (
        <p className="muted">{words.noResponse}</p>
      ) : (
        <BytesView text={delivery.response} label={words.response} />
      )}
      <div className={styles['tools']}>
        {subject.startsWith('ord_') && <Link to={`/orders/${subject}`}>{words.viewOrder}</Link>}
        {mayWrite && (
          <ConfirmAction
            label={words.replayOne}
            title={words.replayOne}
            run={async () => {
              const { events } = await startReplay(endpoint, { events: [event] });
              void message.info(words.replayStarted(String(events)));
              onReplayed();
            }}
          >
            <p>{words.replayHint}</p>
          </ConfirmAction>
        )}
      </div>
    </div>
  );
}
