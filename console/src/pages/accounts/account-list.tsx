import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import { listAccounts } from '../../api/accounts.ts';
import type { Account } from '../../api/accounts.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import styles from './accounts.module.css';
import { Health } from './health.tsx';
import { accountsWords } from './words.ts';

/** All accounts with how each is doing. */
export function AccountList(): ReactNode {
  const words = useWords(accountsWords);
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const accounts = useQuery({ queryKey: ['accounts'], queryFn: ({ signal }) => listAccounts(signal) });
  return (
    <>
      <PageHead title={words.title} hint={words.what}>
        {isAdmin && (
          <Button type="primary" onClick={() => void navigate('new')}>
            {words.add}
          </Button>
        )}
      </PageHead>
      {accounts.error !== null && accounts.data === undefined ? (
        <ErrorState error={accounts.error} retry={() => void accounts.refetch()} />
      ) : accounts.data === undefined ? (
        <Loading />
      ) : accounts.data.data.length === 0 ? (
        <EmptyState title={words.empty} hint={words.emptyHint} />
      ) : (
        <ul className={styles['list']}>
          {accounts.data.data.map((account) => (
            <Row key={account.id} account={account} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ account }: { readonly account: Account }): ReactNode {
  const words = useWords(accountsWords);
  const { id, platform, name, mode } = account;
  return (
    <li className={styles['row']}>
      <div className={styles['rowMain']}>
        <Link to={id} className={styles['name'] ?? ''}>
          {name}
        </Link>
        <p className={styles['meta']}>
          <PlatformBadge platform={platform} withName /> <code>{id}</code>
          {mode !== 'live' && <ToneTag tone="warn">{words.modes[mode]}</ToneTag>}
        </p>
      </div>
      <Health account={id} />
    </li>
  );
}
