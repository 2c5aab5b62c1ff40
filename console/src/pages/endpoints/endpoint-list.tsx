import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { listEndpoints, readQueue } from '../../api/endpoints.ts';
import type { Endpoint } from '../../api/endpoints.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { AddEndpoint } from './add-endpoint.tsx';
import styles from './endpoints.module.css';
import { QueueState } from './queue-state.tsx';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { endpointsWords } from './words.ts';

const REFETCH_MS = 5000;

/** The endpoints with how each stands. */
export function EndpointList(): ReactNode {
  const words = useWords(endpointsWords);
  const mayWrite = useMay('write');
  const client = useQueryClient();
  const [secret, setSecret] = useState<string | null>(null);
  const endpoints = useQuery({ queryKey: ['endpoints'], queryFn: ({ signal }) => listEndpoints(signal) });
  const onAdded = (given: string): void => {
    setSecret(given);
    void client.invalidateQueries({ queryKey: ['endpoints'] });
  };
  return (
    <>
      <PageHead title={words.title} hint={words.what}>
        {mayWrite && <AddEndpoint onAdded={onAdded} />}
      </PageHead>
      {endpoints.error !== null && endpoints.data === undefined ? (
        <ErrorState error={endpoints.error} retry={() => void endpoints.refetch()} />
      ) : endpoints.data === undefined ? (
        <Loading />
      ) : endpoints.data.data.length === 0 ? (
        <EmptyState title={words.empty} hint={words.emptyHint} />
      ) : (
        <ul className={styles['list']}>
          {endpoints.data.data.map((endpoint) => (
            <Row key={endpoint.id} endpoint={endpoint} />
          ))}
        </ul>
      )}
      <ShownOnce text={secret} title={words.secretTitle} hint={words.secretOnce} onClose={() => setSecret(null)} />
    </>
  );
}

function Row({ endpoint }: { readonly endpoint: Endpoint }): ReactNode {
  const words = useWords(endpointsWords);
  const { id, url, kind, events, state, description } = endpoint;
  const queue = useQuery({
    queryKey: ['endpoint-queue', id],
    queryFn: ({ signal }) => readQueue(id, signal),
    refetchInterval: REFETCH_MS,
  });
  return (
    <li className={styles['row']}>
      <div className={styles['rowMain']}>
        <Link to={id} className={styles['url'] ?? ''}>
          {url}
        </Link>
        <p className={styles['meta']}>
          <ToneTag tone={state === 'enabled' ? 'ok' : 'neutral'}>{words.states[state]}</ToneTag>
          <span>{words.kinds[kind]}</span>
          <code>{events.join(', ')}</code>
          {description !== null && <span className="muted">{description}</span>}
        </p>
      </div>
      {queue.data !== undefined && <QueueState queue={queue.data} />}
    </li>
  );
}
