import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Descriptions, Input } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { readCallback, redriveCallback } from '../../api/callbacks.ts';
import type { CallbackDetail } from '../../api/callbacks.ts';
import { useWords } from '../../app/language.ts';
import { useMay, useMe } from '../../app/session.tsx';
import { BytesView } from '../../parts/bytes-view.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './callbacks.module.css';
import { Doctor } from './doctor.tsx';
import { VerdictTag } from '../../parts/verdict-tag.tsx';
import { callbacksWords } from './words.ts';

/** One callback: what came, what became of it, what was answered, and why it did not verify. */
export function CallbackView(): ReactNode {
  const { id = '' } = useParams();
  const words = useWords(callbacksWords);
  const [reason, setReason] = useState<string | null>(null);
  const callback = useQuery({
    queryKey: ['callback', id, reason],
    queryFn: ({ signal }) => readCallback(id, reason, signal),
    placeholderData: (previous) => (previous?.id === id ? previous : undefined),
  });
  if (callback.error !== null) return <ErrorState error={callback.error} retry={() => void callback.refetch()} />;
  if (callback.data === undefined) return <Loading />;
  return (
    <>
      <p className={styles['back']}>
        <Link to="..">← {words.back}</Link>
      </p>
      <Whole callback={callback.data} reason={reason} onReveal={setReason} onChanged={() => void callback.refetch()} />
    </>
  );
}

function Whole({
  callback,
  reason,
  onReveal,
  onChanged,
}: {
  readonly callback: CallbackDetail;
  readonly reason: string | null;
  readonly onReveal: (reason: string) => void;
  readonly onChanged: () => void;
}): ReactNode {
  const words = useWords(callbacksWords);
  const mayWrite = useMay('write');
  const { request } = callback;
  return (
    <>
      <PageHead
        title={words.detail}
        hint={
          <span className={styles['headline']}>
            <PlatformBadge platform={callback.platform} /> <code>{callback.id}</code>
          </span>
        }
      >
        {mayWrite && <Redrive id={callback.id} onDone={onChanged} />}
      </PageHead>
      <div className={styles['columns']}>
        <section className={styles['card']} aria-labelledby="what-became">
          <h2 id="what-became">{words.facts}</h2>
          <Facts callback={callback} />
          <h3>{words.reply}</h3>
          <p className={styles['status']}>
            {words.replyStatus} <strong>{callback.reply.status}</strong>
          </p>
          <BytesView text={callback.reply.body} label={words.reply} />
        </section>
        <section className={styles['card']} aria-labelledby="what-came">
          <h2 id="what-came">{words.request}</h2>
          {request === null ? <Hidden onReveal={onReveal} /> : <RequestView request={request} />}
        </section>
      </div>
      {callback.verdict === 'rejected' && mayWrite && (
        <Doctor question={{ callback: callback.id }} reason={reason} isReady={request !== null} />
      )}
    </>
  );
}

function Facts({ callback }: { readonly callback: CallbackDetail }): ReactNode {
  const words = useWords(callbacksWords);
  const evidences: Readonly<Record<string, string>> = useWords(partWords).evidences;
  const items = [
    { key: 'verdict', label: words.verdict, children: <VerdictTag verdict={callback.verdict} /> },
    ...(callback.reason === null ? [] : [{ key: 'reason', label: words.reason, children: callback.reason }]),
    { key: 'received', label: words.received, children: <Time at={callback.receivedAt} isWhole /> },
    { key: 'account', label: words.filterAccount, children: callback.account },
    ...(callback.topic === '' ? [] : [{ key: 'topic', label: words.topic, children: callback.topic }]),
    ...(callback.evidence === null
      ? []
      : [{ key: 'evidence', label: words.evidence, children: evidences[callback.evidence] ?? callback.evidence }]),
    ...(callback.secretFingerprint === null
      ? []
      : [{ key: 'secret', label: words.fingerprint, children: <code>{callback.secretFingerprint}</code> }]),
    ...callback.orders.map((order) => ({
      key: order,
      label: words.order,
      children: <Link to={`/orders/${order}`}>{order}</Link>,
    })),
    { key: 'size', label: words.size, children: words.bytes(String(callback.bodyBytes)) },
  ];
  return <Descriptions column={1} size="small" items={items} />;
}

function RequestView({ request }: { readonly request: NonNullable<CallbackDetail['request']> }): ReactNode {
  const words = useWords(callbacksWords);
  const headers = Object.entries(request.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  return (
    <>
      {request.query !== '' && (
        <>
          <h3>{words.query}</h3>
          <BytesView text={request.query} label={words.query} />
        </>
      )}
      <h3>{words.body}</h3>
      <BytesView text={request.body} base64={request.bodyBase64} isCut={request.isCut} label={words.body} />
      <h3>{words.headers}</h3>
      <BytesView text={headers} label={words.headers} />
    </>
  );
}

/** What may hold personal data is shown to whoever may see it and says why. */
function Hidden({ onReveal }: { readonly onReveal: (reason: string) => void }): ReactNode {
  const words = useWords(callbacksWords);
  const { reveal } = useMe();
  const [reason, setReason] = useState('');
  return (
    <form
      className={styles['hidden']}
      onSubmit={(event) => {
        event.preventDefault();
        onReveal(reason.trim());
      }}
    >
      <p className="muted">{words.hidden}</p>
      {reveal && (
        <div className={styles['line']}>
          <Input
            aria-label={words.revealReason}
            placeholder={words.revealPlaceholder}
            value={reason}
            maxLength={200}
            onChange={({ target }) => setReason(target.value)}
          />
          <Button htmlType="submit" disabled={reason.trim() === ''}>
            {words.reveal}
          </Button>
        </div>
      )}
    </form>
  );
}

function Redrive({ id, onDone }: { readonly id: string; readonly onDone: () => void }): ReactNode {
  const words = useWords(callbacksWords);
  const verdicts = useWords(partWords).verdicts;
  const { message } = App.useApp();
  const client = useQueryClient();
  const run = async (): Promise<void> => {
    const { verdict } = await redriveCallback(id);
    void message.info(words.redriven(verdicts[verdict]));
    await client.invalidateQueries({ queryKey: ['callbacks'] });
    onDone();
  };
  return (
    <ConfirmAction label={words.redrive} title={words.redriveTitle} run={run} button={{ type: 'primary' }}>
      <p>{words.redriveHint}</p>
    </ConfirmAction>
  );
}
