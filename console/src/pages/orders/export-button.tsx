import { DownloadOutlined } from '@ant-design/icons';
import { Button, Modal, Progress } from 'antd';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { OrderFilter } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { ErrorText } from '../../parts/error-text.tsx';
import { useToday } from '../../parts/now.ts';
import { dayText } from '../../parts/time.tsx';
import { ordersCsv } from './export-csv.ts';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

/** Makes a CSV of all that the filter finds and shows how far it is. */
export function ExportButton({ filter }: { readonly filter: OrderFilter }): ReactNode {
  const words = useWords(ordersWords);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setOpen(true)}>
        {words.export}
      </Button>
      {isOpen && <ExportDialog filter={filter} onClose={() => setOpen(false)} />}
    </>
  );
}

function ExportDialog({ filter, onClose }: { readonly filter: OrderFilter; readonly onClose: () => void }): ReactNode {
  const words = useWords(ordersWords);
  const todayMs = useToday();
  const [rows, setRows] = useState(0);
  const [done, setDone] = useState<{ readonly address: string; readonly rows: number } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  // What was found when it was asked for: the list behind may go on to another filter.
  const [wanted] = useState(filter);
  useEffect(() => {
    const stopping = new AbortController();
    let address = '';
    ordersCsv(wanted, setRows, stopping.signal).then(
      (made) => {
        address = URL.createObjectURL(made.file);
        setDone({ address, rows: made.rows });
      },
      (thrown: unknown) => {
        if (!stopping.signal.aborted) setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      },
    );
    return () => {
      stopping.abort();
      URL.revokeObjectURL(address);
    };
  }, [wanted]);
  return (
    <Modal
      open
      title={words.export}
      onCancel={onClose}
      footer={
        done === null ? (
          <Button onClick={onClose}>{words.stop}</Button>
        ) : (
          <Button
            type="primary"
            icon={<DownloadOutlined />}
            href={done.address}
            download={`huidan-orders-${dayText(todayMs)}.csv`}
          >
            {words.download}
          </Button>
        )
      }
    >
      <div className={styles['export']}>
        <p className="muted">{words.exportHint}</p>
        {error === null ? (
          <>
            <Progress
              percent={done === null ? 50 : 100}
              status={done === null ? 'active' : 'success'}
              showInfo={false}
              aria-label={words.exporting}
            />
            <p role="status">
              {done === null ? words.exportedSome(String(rows)) : words.exportDone(String(done.rows))}
            </p>
          </>
        ) : (
          <ErrorText error={error} />
        )}
      </div>
    </Modal>
  );
}
