import { DownloadOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Progress } from 'antd';
import type { ReactNode } from 'react';
import { exportFileAddress, listExports, removeExport } from '../../api/exports.ts';
import type { Export } from '../../api/exports.ts';
import { useWords } from '../../app/language.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { useNow } from '../../parts/now.ts';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

const POLL_MS = 600;
const isOpen = ({ state }: Export): boolean => state === 'queued' || state === 'running';

/** One's files: how far they are, and where to take them until they are gone. */
export function ExportList(): ReactNode {
  const words = useWords(ordersWords);
  const list = useQuery({
    queryKey: ['exports'],
    queryFn: ({ signal }) => listExports(signal),
    refetchInterval: ({ state }) => (state.data?.data.some((made) => isOpen(made)) === true ? POLL_MS : false),
    staleTime: 0,
  });
  return (
    <section className={styles['exports']} aria-labelledby="exports">
      <h3 id="exports">{words.exports}</h3>
      {list.error !== null && list.data === undefined ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <Loading />
      ) : list.data.data.length === 0 ? (
        <p className="muted">{words.noExports}</p>
      ) : (
        <ul>
          {list.data.data.map((made) => (
            <ExportRow key={made.id} made={made} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ExportRow({ made }: { readonly made: Export }): ReactNode {
  const words = useWords(ordersWords);
  const client = useQueryClient();
  const nowMs = useNow();
  const isGone = Date.parse(made.expiresAt) <= nowMs;
  const remove = async (): Promise<void> => {
    // Gone already is as good.
    await removeExport(made.id).catch(() => undefined);
    await client.invalidateQueries({ queryKey: ['exports'] });
  };
  return (
    <li data-state={isGone ? 'expired' : made.state}>
      <div className={styles['exportText']}>
        <p>
          <Time at={made.createdAt} /> <span className="muted">{words.columnCount(String(made.columns.length))}</span>
        </p>
        <ExportState made={made} isGone={isGone} />
      </div>
      {made.state === 'done' && !isGone && (
        <Button size="small" type="primary" icon={<DownloadOutlined />} href={exportFileAddress(made.id)} download>
          {words.download}
        </Button>
      )}
      {!isGone && (
        <Button size="small" onClick={() => void remove()}>
          {isOpen(made) ? words.stop : words.remove}
        </Button>
      )}
    </li>
  );
}

function ExportState({ made, isGone }: { readonly made: Export; readonly isGone: boolean }): ReactNode {
  const words = useWords(ordersWords);
  const { done, total } = made.progress;
  if (isGone) return <ToneTag tone="neutral">{words.exportGone}</ToneTag>;
  if (made.state === 'failed') {
    return (
      <p role="alert" className={styles['exportFault']}>
        {made.error === 'too_slow' ? words.exportTooSlow : words.exportAccessChanged}
      </p>
    );
  }
  if (made.state === 'done') {
    return (
      <p className="muted" role="status">
        {words.exportDone(String(done))} · {sizeText(made.bytes ?? 0)} · {words.exportUntil}{' '}
        <Time at={made.expiresAt} />
      </p>
    );
  }
  // What was not counted has no end to show.
  const percent = total === null ? 50 : Math.floor((100 * done) / Math.max(1, total));
  return (
    <>
      <Progress percent={percent} status="active" size="small" showInfo={false} aria-label={words.exporting} />
      <p className="muted" role="status">
        {words.exportedSome(String(done))}
      </p>
    </>
  );
}

/** `3.4 MB`. */
function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
