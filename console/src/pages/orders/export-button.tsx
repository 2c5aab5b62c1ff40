import { DownloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Modal, Progress } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { exportAddress, readExport, startExport } from '../../api/exports.ts';
import type { Export } from '../../api/exports.ts';
import type { OrderFilter } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { ErrorText } from '../../parts/error-text.tsx';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

const ASK_MS = 700;

/** Makes a CSV of all that the filter finds, in the background, and shows how far it is. */
export function ExportButton({ filter }: { readonly filter: OrderFilter }): ReactNode {
  const words = useWords(ordersWords);
  const [started, setStarted] = useState<Export | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isOpen, setOpen] = useState(false);
  const running = useQuery({
    queryKey: ['export', started?.id],
    queryFn: ({ signal }) => readExport(started?.id ?? '', signal),
    enabled: started !== null && isOpen,
    refetchInterval: ({ state: { data } }) => (data === undefined || isUnderWay(data) ? ASK_MS : false),
  });
  const shown = running.data ?? started;
  const start = async (): Promise<void> => {
    setOpen(true);
    setStarted(null);
    setError(null);
    try {
      setStarted(await startExport({ kind: 'orders', filter: { ...filter } }));
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => void start()}>
        {words.export}
      </Button>
      <Modal
        open={isOpen}
        title={words.export}
        onCancel={() => setOpen(false)}
        footer={
          shown?.state === 'done' ? (
            <Button type="primary" icon={<DownloadOutlined />} href={exportAddress(shown.id)} download>
              {words.download}
            </Button>
          ) : (
            <Button onClick={() => setOpen(false)}>{words.close}</Button>
          )
        }
      >
        <div className={styles['export']}>
          <p className="muted">{words.exportHint}</p>
          {error === null && (running.error === null || shown !== null) ? (
            <ExportProgress shown={shown} />
          ) : (
            <ErrorText error={error ?? running.error ?? new Error(words.exportFailed)} />
          )}
        </div>
      </Modal>
    </>
  );
}

const isUnderWay = ({ state }: Export): boolean => state === 'queued' || state === 'running';

function ExportProgress({ shown }: { readonly shown: Export | null }): ReactNode {
  const words = useWords(ordersWords);
  if (shown === null) return <Progress percent={0} aria-label={words.exporting} />;
  const { done, total } = shown.progress;
  if (shown.state === 'failed') return <p role="alert">{words.exportFailed}</p>;
  if (shown.state === 'done') {
    return (
      <>
        <Progress percent={100} aria-label={words.exporting} />
        <p role="status">{words.exportDone(String(done))}</p>
      </>
    );
  }
  const percent = total === null || total === 0 ? 0 : Math.min(99, Math.floor((100 * done) / total));
  return (
    <>
      <Progress percent={percent} status="active" showInfo={total !== null} aria-label={words.exporting} />
      <p role="status">
        {total === null ? words.exportedSome(String(done)) : words.exported(String(done), String(total))}
      </p>
    </>
  );
}
