import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import {
  readEndpoint,
  readQueue,
  removeEndpoint,
  retryNow,
  rotateSecret,
  setEndpointState,
  testEndpoint,
} from '../../api/endpoints.ts';
import type { Endpoint, TestSend } from '../../api/endpoints.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { BytesView } from '../../parts/bytes-view.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Deliveries } from './deliveries.tsx';
import styles from './endpoints.module.css';
import { QueueState } from './queue-state.tsx';
import { Replay } from './replay.tsx';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { endpointsWords } from './words.ts';

const REFETCH_MS = 3000;

/** One endpoint: how it stands, what was sent and answered, and what can be done about it. */
export function EndpointView(): ReactNode {
  const { id = '' } = useParams();
  const words = useWords(endpointsWords);
  const endpoint = useQuery({ queryKey: ['endpoint', id], queryFn: ({ signal }) => readEndpoint(id, signal) });
  if (endpoint.error !== null && endpoint.data === undefined)
    return <ErrorState error={endpoint.error} retry={() => void endpoint.refetch()} />;
  if (endpoint.data === undefined) return <Loading />;
  return (
    <>
      <p className={styles['back']}>
        <Link to="..">← {words.back}</Link>
      </p>
      <Whole endpoint={endpoint.data} />
    </>
  );
}

function Whole({ endpoint }: { readonly endpoint: Endpoint }): ReactNode {
  const words = useWords(endpointsWords);
  const mayWrite = useMay('write');
  const { id, url, kind, events, state, strict, personalData } = endpoint;
  const queue = useQuery({
    queryKey: ['endpoint-queue', id],
    queryFn: ({ signal }) => readQueue(id, signal),
    refetchInterval: REFETCH_MS,
  });
  return (
    <>
      <PageHead
        title={words.title}
        hint={
          <span className={styles['meta']}>
            <code>{url}</code>
          </span>
        }
      >
        {mayWrite && <Tools endpoint={endpoint} failing={queue.data?.failing ?? 0} />}
      </PageHead>
      <section className={styles['card']}>
        <p className={styles['meta']}>
          <ToneTag tone={state === 'enabled' ? 'ok' : 'neutral'}>{words.states[state]}</ToneTag>
          <span>{words.kinds[kind]}</span>
          <code>{events.join(', ')}</code>
          {strict && <ToneTag tone="info">{words.strict}</ToneTag>}
          {personalData && <ToneTag tone="warn">{words.personal}</ToneTag>}
        </p>
        {queue.data !== undefined && <QueueState queue={queue.data} />}
      </section>
      {mayWrite && <TestSender id={id} />}
      <Deliveries endpoint={id} />
    </>
  );
}

function Tools({ endpoint, failing }: { readonly endpoint: Endpoint; readonly failing: number }): ReactNode {
  const words = useWords(endpointsWords);
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const [secret, setSecret] = useState<string | null>(null);
  const { id, state } = endpoint;
  const isOn = state === 'enabled';
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['endpoint', id] });
  return (
    <>
      <ConfirmAction
        label={words.retry}
        title={words.retry}
        isOffered={failing > 0}
        run={async () => {
          const { subjects } = await retryNow(id);
          void message.info(words.retried(String(subjects)));
        }}
      />
      <Replay endpoint={id} />
      <ConfirmAction
        label={isOn ? words.disable : words.enable}
        title={isOn ? words.disable : words.enable}
        run={async () => {
          await setEndpointState(id, isOn ? 'disabled' : 'enabled');
          await reread();
        }}
      >
        <p>{words.disableHint}</p>
      </ConfirmAction>
      <ConfirmAction
        label={words.rotate}
        title={words.rotate}
        run={async () => setSecret((await rotateSecret(id)).secret)}
      >
        <p>{words.rotateHint}</p>
      </ConfirmAction>
      <ConfirmAction
        label={words.remove}
        title={words.remove}
        button={{ danger: true }}
        run={async () => {
          await removeEndpoint(id);
          await client.refetchQueries({ queryKey: ['endpoints'], type: 'all' });
          await navigate('..');
          // The way back leads to nothing, and not to what is remembered of it.
          client.removeQueries({ queryKey: ['endpoint', id] });
        }}
      >
        <p>{words.removeHint}</p>
      </ConfirmAction>
      <ShownOnce text={secret} title={words.secretTitle} hint={words.secretOnce} onClose={() => setSecret(null)} />
    </>
  );
}

/** Sends a test event now and shows what came back. */
function TestSender({ id }: { readonly id: string }): ReactNode {
  const words = useWords(endpointsWords);
  const errorText = useErrorText();
  const [sent, setSent] = useState<TestSend | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      setSent(await testEndpoint(id));
    } catch (error) {
      setFault(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className={styles['card']}>
      <Button loading={isBusy} onClick={() => void run()}>
        {words.test}
      </Button>
      <div aria-live="polite">
        {fault !== null && <p className={styles['fault']}>{fault}</p>}
        {sent !== null && (
          <div className={styles['sent']}>
            <p>
              <ToneTag tone={sent.delivered ? 'ok' : 'danger'}>
                {sent.delivered ? words.tested : words.testFailed}
              </ToneTag>{' '}
              {sent.status !== null && <span>HTTP {sent.status}</span>}{' '}
              <span className="muted">{words.ms(String(sent.durationMs))}</span>
            </p>
            {sent.error !== null && <p className={styles['fault']}>{sent.error}</p>}
            {sent.response !== null && sent.response !== '' && <BytesView text={sent.response} label={words.answer} />}
          </div>
        )}
      </div>
    </section>
  );
}
