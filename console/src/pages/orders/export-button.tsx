import { DownloadOutlined } from '@ant-design/icons';
import { Button, Modal, Progress } from 'antd';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { exportFileAddress, readExport, removeExport, startOrdersExport } from '../../api/exports.ts';
import type { Export } from '../../api/exports.ts';
import type { OrderFilter } from '../../api/orders.ts';
import { newIdempotencyKey } from '../../api/request.ts';
import { useWords } from '../../app/language.ts';
import { ErrorText } from '../../parts/error-text.tsx';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

/** Has the hub make a CSV of all that the filter finds and shows how far it is. */
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

const POLL_MS = 500;

function ExportDialog({ filter, onClose }: { readonly filter: OrderFilter; readonly onClose: () => void }): ReactNode {
  const words = useWords(ordersWords);
  const [made, setMade] = useState<Export | null>(null);
  const [error, setError] = useState<Error | null>(null);
  // What was found when it was asked for: the list behind may go on to another filter.
  const [wanted] = useState(() => ({ filter, idempotencyKey: newIdempotencyKey() }));
  useEffect(() => {
    const closed = new AbortController();
    const follow = async (): Promise<void> => {
      let now = await startOrdersExport(wanted.filter, wanted.idempotencyKey);
      while (!closed.signal.aborted) {
        setMade(now);
        if (now.state === 'done' || now.state === 'failed') return;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        now = await readExport(now.id, closed.signal);
      }
    };
    follow().catch((thrown: unknown) => {
      if (!closed.signal.aborted) setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    });
    return () => closed.abort();
  }, [wanted]);
  const isDone = made?.state === 'done';
  const close = (): void => {
    // A file that is done stays for its day: the browser may still be taking it.
    if (made !== null && !isDone) void removeExport(made.id).catch(() => {});
    onClose();
  };
  return (
    <Modal
      open
      title={words.export}
      onCancel={close}
      footer={
        isDone ? (
          <Button type="primary" icon={<DownloadOutlined />} href={exportFileAddress(made.id)} download>
            {words.download}
          </Button>
        ) : (
          <Button onClick={close}>{words.stop}</Button>
        )
      }
    >
      <div className={styles['export']}>
        <p className="muted">{words.exportHint}</p>
        {error === null ? <ExportProgress made={made} /> : <ErrorText error={error} />}
      </div>
    </Modal>
  );
}

function ExportProgress({ made }: { readonly made: Export | null }): ReactNode {
  const words = useWords(ordersWords);
  const { done, total } = made?.progress ?? { done: 0, total: null };
  const state = made?.state ?? 'queued';
  if (state === 'failed') {
    return <p role="alert">{made?.error === 'too_slow' ? words.exportTooSlow : words.exportAccessChanged}</p>;
  }
  // What was not counted has no end to show.
  const percent = state === 'done' ? 100 : total === null ? 50 : Math.floor((100 * done) / Math.max(1, total));
  return (
    <>
      <Progress
        percent={percent}
        status={state === 'done' ? 'success' : 'active'}
        showInfo={false}
        aria-label={words.exporting}
      />
      <p role="status">{state === 'done' ? words.exportDone(String(done)) : words.exportedSome(String(done))}</p>
    </>
  );
}
