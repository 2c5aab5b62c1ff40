import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { listStockChanges, readMachine, syncMachine } from '../../api/machines.ts';
import type { MachineWithSlots, StockChange } from '../../api/machines.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import type { Tone } from '../../parts/status-tag.tsx';
import { Time, TimeAgo } from '../../parts/time.tsx';
import { MachinePicture } from './machine-picture.tsx';
import { MachineState } from './machine-state.tsx';
import styles from './machines.module.css';
import { machinesWords } from './words.ts';

const REFETCH_MS = 3000;

export function MachineView(): ReactNode {
  const { account = '', machine: number = '' } = useParams();
  const words = useWords(machinesWords);
  const machine = useQuery({
    queryKey: ['machine', account, number],
    queryFn: ({ signal }) => readMachine(account, number, signal),
    refetchInterval: REFETCH_MS,
  });
  if (machine.error !== null && machine.data === undefined)
    return <ErrorState error={machine.error} retry={() => void machine.refetch()} />;
  if (machine.data === undefined) return <Loading />;
  return (
    <>
      <p className={styles['back']}>
        <Link to="/machines">← {words.back}</Link>
      </p>
      <Whole machine={machine.data} />
    </>
  );
}

function Whole({ machine }: { readonly machine: MachineWithSlots }): ReactNode {
  const words = useWords(machinesWords);
  const mayWrite = useMay('write');
  const client = useQueryClient();
  const errorText = useErrorText();
  const { message } = App.useApp();
  const [chosen, setChosen] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { account, machine: number, name, address, available, held, onHand, syncedAt } = machine;
  const sync = async (): Promise<void> => {
    setBusy(true);
    try {
      client.setQueryData(['machine', account, number], await syncMachine(account, number));
      void message.success(words.syncDone);
    } catch (error) {
      void message.error(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  const slot = machine.slots.find(({ productId }) => productId === chosen);
  return (
    <>
      <PageHead
        title={name ?? number}
        hint={
          <span className={styles['tags']}>
            <code>{number}</code> {address} <MachineState machine={machine} />
          </span>
        }
      >
        <span className="muted">
          {words.synced} <TimeAgo at={syncedAt} />
        </span>
        {mayWrite && (
          <Button loading={isBusy} onClick={() => void sync()}>
            {words.sync}
          </Button>
        )}
      </PageHead>
      <dl className={styles['sums']}>
        {[
          [words.available, available],
          [words.held, held],
          [words.onHand, onHand],
        ].map(([label, count]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
      <MachinePicture slots={machine.slots} chosen={chosen} onChoose={setChosen} />
      <div className={styles['heading']}>
        <h2>{slot === undefined ? words.changes : words.changesOf(slot.slot)}</h2>
        {slot !== undefined && (
          <Button size="small" onClick={() => setChosen(null)}>
            {words.showAll}
          </Button>
        )}
      </div>
      <Changes account={account} machine={number} productId={chosen} names={machine.slots} />
    </>
  );
}

const TONES: Readonly<Record<StockChange['cause'], Tone>> = {
  held: 'info',
  dispensed: 'ok',
  failed: 'danger',
  returned: 'neutral',
  found: 'neutral',
  sync: 'warn',
  added: 'neutral',
  removed: 'neutral',
};

function Changes({
  account,
  machine,
  productId,
  names,
}: {
  readonly account: string;
  readonly machine: string;
  readonly productId: string | null;
  readonly names: MachineWithSlots['slots'];
}): ReactNode {
  const words = useWords(machinesWords);
  const nameOf = (id: string): string => names.find((slot) => slot.productId === id)?.name ?? id;
  const columns: TableColumnsType<StockChange> = [
    { title: words.time, dataIndex: 'at', width: 150, render: (at: string) => <Time at={at} /> },
    {
      title: words.slot,
      dataIndex: 'slot',
      render: (slot: string, change) => (
        <>
          <strong>{slot}</strong> {nameOf(change.productId)}
        </>
      ),
    },
    {
      title: words.cause,
      dataIndex: 'cause',
      width: 150,
      render: (cause: StockChange['cause']) => <ToneTag tone={TONES[cause]}>{words.causes[cause]}</ToneTag>,
    },
    {
      title: words.order,
      dataIndex: 'order',
      width: 180,
      ellipsis: true,
      render: (order: string | null) =>
        order === null ? (
          <span className="muted">–</span>
        ) : (
          <Link to={`/orders/${order}`} className={styles['id'] ?? ''}>
            {order}
          </Link>
        ),
    },
    {
      title: words.change,
      key: 'change',
      width: 190,
      render: (_: unknown, { onHandBy, heldBy }) => (
        <span className={styles['by']}>
          {onHandBy !== 0 && `${words.onHand} ${signed(onHandBy)}`} {heldBy !== 0 && `${words.held} ${signed(heldBy)}`}
        </span>
      ),
    },
    {
      title: words.after,
      key: 'after',
      width: 170,
      render: (_: unknown, change) => `${words.onHand} ${change.onHand} · ${words.held} ${change.held}`,
    },
  ];
  return (
    <CursorTable<StockChange>
      label={words.changes}
      queryKey={['stock-changes', account, machine, productId]}
      read={(cursor, signal) => listStockChanges(account, machine, productId, cursor, signal)}
      columns={columns}
      rowKey="sequence"
      refetchIntervalMs={REFETCH_MS}
      minWidth={960}
      empty={<EmptyState title={words.noChanges} />}
    />
  );
}

const signed = (count: number): string => (count > 0 ? `+${count}` : `−${Math.abs(count)}`);
