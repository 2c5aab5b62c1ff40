import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input, Modal, Steps } from 'antd';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { ApiError } from '../../api/problem.ts';
import { createBinding, readBinding, readStore } from '../../api/stores.ts';
import type { Binding, Store } from '../../api/stores.ts';
import { useWords } from '../../app/language.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ErrorText } from '../../parts/error-text.tsx';
import styles from './accounts.module.css';
import { accountsWords } from './words.ts';

const POLL_MS = 1500;

/** Walks through the binding of a store: the link, the merchant's click, the proof of the token, bound. */
export function BindStore({
  account,
  style,
}: {
  readonly account: string;
  readonly style: 'link' | 'oauth';
}): ReactNode {
  const words = useWords(accountsWords);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {words.bind}
      </Button>
      <Modal
        open={isOpen}
        title={words.bindTitle}
        onCancel={() => setOpen(false)}
        footer={<Button onClick={() => setOpen(false)}>{words.closeDialog}</Button>}
        destroyOnHidden
      >
        <Walk account={account} style={style} />
      </Modal>
    </>
  );
}

function Walk({ account, style }: { readonly account: string; readonly style: 'link' | 'oauth' }): ReactNode {
  const words = useWords(accountsWords);
  const [store, setStore] = useState('');
  const [name, setName] = useState('');
  const [made, setMade] = useState<Binding | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isLink = style === 'link';
  const make = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const wish = isLink
        ? { account, store: store.trim(), ...(name.trim() === '' ? {} : { name: name.trim() }) }
        : { account };
      setMade(await createBinding(wish));
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  if (made !== null) return <Progress made={made} />;
  return (
    <div className={styles['form']}>
      <p className="muted">{isLink ? words.bindHint : words.sellerHint}</p>
      {isLink && (
        <Form layout="vertical" component="div">
          <Form.Item label={words.store} htmlFor="bind-store" extra={words.storeHint}>
            <Input id="bind-store" value={store} maxLength={100} onChange={({ target }) => setStore(target.value)} />
          </Form.Item>
          <Form.Item label={words.storeName} htmlFor="bind-name">
            <Input id="bind-name" value={name} maxLength={200} onChange={({ target }) => setName(target.value)} />
          </Form.Item>
        </Form>
      )}
      {error !== null && <ErrorText error={error} />}
      <Button type="primary" loading={isBusy} disabled={isLink && store.trim() === ''} onClick={() => void make()}>
        {words.makeLink}
      </Button>
    </div>
  );
}

/** Where a binding stands; the merchant's page is another window, so it is asked for. */
function Progress({ made }: { readonly made: Binding }): ReactNode {
  const words = useWords(accountsWords);
  const client = useQueryClient();
  const { account } = made;
  const state = useQuery({
    queryKey: ['binding', made.id],
    queryFn: async ({ signal }) => {
      const binding = await readBinding(made.id, signal);
      return { binding, store: await storeOf(binding, signal) };
    },
    refetchInterval: ({ state: { data } }) => (data !== undefined && stepOf(data) === 3 ? false : POLL_MS),
  });
  const now = state.data ?? { binding: made, store: null };
  const step = stepOf(now);
  const isBound = step === 3;
  useEffect(() => {
    if (isBound) void client.invalidateQueries({ queryKey: ['stores', account] });
  }, [isBound, client, account]);
  const hasEnded = now.binding.state === 'cancelled' || now.binding.state === 'expired';
  const reason = now.binding.reason ?? (step === 2 ? (now.store?.reason ?? null) : null);
  return (
    <div className={styles['form']} aria-live="polite">
      <Steps
        size="small"
        current={step}
        status={hasEnded ? 'error' : isBound ? 'finish' : 'process'}
        items={[words.steps.link, words.steps.merchant, words.steps.proof, words.steps.done].map((title) => ({
          title,
        }))}
      />
      {step === 1 && !hasEnded && made.url !== null && (
        <>
          <p>{words.linkReady}</p>
          <p className={styles['address']}>
            <code>{made.url}</code> <CopyButton text={made.url} />
          </p>
          <Button type="primary" href={made.url} target="_blank" rel="noopener">
            {words.openLink}
          </Button>
        </>
      )}
      <p className={styles['state']} data-tone={hasEnded ? 'danger' : isBound ? 'ok' : 'plain'}>
        {hasEnded ? words.closed : isBound ? words.bound : step === 2 ? words.proving : words.waiting}
      </p>
      {reason !== null && <p className={styles['fault']}>{words.bindFailed(reason)}</p>}
    </div>
  );
}

interface Now {
  readonly binding: Binding;
  readonly store: Store | null;
}

/** 1: the merchant's turn; 2: a token is being proved; 3: bound. */
function stepOf({ binding, store }: Now): 1 | 2 | 3 {
  if (binding.state === 'exchanging') return 2;
  if (binding.state !== 'done') return store?.state === 'proving' ? 2 : 1;
  return store === null || store.state === 'bound' ? 3 : 2;
}

async function storeOf({ account, store }: Binding, signal: AbortSignal): Promise<Store | null> {
  if (store === null) return null;
  try {
    return await readStore(account, store, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
