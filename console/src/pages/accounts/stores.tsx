import type { TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import type { Platform } from '../../api/platforms.ts';
import { listStores, releaseLink } from '../../api/stores.ts';
import type { Store, StoreState } from '../../api/stores.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import type { Tone } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './accounts.module.css';
import { BindStore } from './bind-store.tsx';
import { accountsWords } from './words.ts';

const TONES: Readonly<Record<StoreState, Tone>> = {
  unbound: 'neutral',
  pending: 'warn',
  proving: 'info',
  bound: 'ok',
  released: 'neutral',
};
const REFETCH_MS = 4000;

/** The stores of an account, and how they are bound and released. */
export function Stores({ account, platform }: { readonly account: string; readonly platform: Platform }): ReactNode {
  const words = useWords(accountsWords);
  const mayWrite = useMay('write');
  const { binding } = platform;
  return (
    <section className={styles['card']} aria-labelledby="stores">
      <div className={styles['cardHead']}>
        <h2 id="stores">{words.stores}</h2>
        {mayWrite && binding !== null && <BindStore account={account} style={binding} />}
      </div>
      <CursorTable<Store>
        label={words.stores}
        queryKey={['stores', account]}
        read={(cursor, signal) => listStores(account, cursor, signal)}
        columns={columnsOf(words, binding === 'link' && mayWrite)}
        rowKey="store"
        refetchIntervalMs={REFETCH_MS}
        empty={<EmptyState title={words.noStores} {...(binding === null ? {} : { hint: words.bindHint })} />}
      />
    </section>
  );
}

type Words = ReturnType<typeof useWords<(typeof accountsWords)['zh']>>;

function columnsOf(words: Words, canRelease: boolean): TableColumnsType<Store> {
  return [
    { title: words.store, dataIndex: 'store', width: 140, render: (store: string) => <code>{store}</code> },
    { title: words.storeName, dataIndex: 'name', ellipsis: true, render: (name: string | null) => name ?? '–' },
    {
      title: words.storeState,
      dataIndex: 'state',
      width: 220,
      render: (state: StoreState, { reason }) => (
        <>
          <ToneTag tone={TONES[state]}>{words.storeStates[state]}</ToneTag>
          {reason !== null && <p className={styles['hint']}>{reason}</p>}
        </>
      ),
    },
    { title: words.open, dataIndex: 'open', width: 110, render: (open: string | null) => open ?? '–' },
    {
      title: words.expires,
      dataIndex: 'tokenExpiresAt',
      width: 150,
      render: (at: string | null, { state }) =>
        state === 'bound' && at === null ? <span className="muted">{words.forever}</span> : <Time at={at} />,
    },
    ...(canRelease
      ? [
          {
            title: <span className="only-read">{words.release}</span>,
            key: 'release',
            width: 100,
            render: (_: unknown, { account, store, state }: Store) =>
              state === 'bound' && (
                <ConfirmAction
                  label={words.release}
                  title={`${words.releaseTitle} ${store}`}
                  button={{ size: 'small' }}
                  run={async () => {
                    const { url } = await releaseLink(account, store);
                    window.open(url, '_blank', 'noopener');
                  }}
                >
                  <p>{words.releaseHint}</p>
                </ConfirmAction>
              ),
          },
        ]
      : []),
  ];
}
