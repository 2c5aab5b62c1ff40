import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Input, Segmented } from 'antd';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { listMachines } from '../../api/machines.ts';
import type { Machine } from '../../api/machines.ts';
import { useWords } from '../../app/language.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { partWords } from '../../parts/words.ts';
import { MachineState } from './machine-state.tsx';
import styles from './machines.module.css';
import { machinesWords } from './words.ts';

const REFETCH_MS = 5000;

/** The machines as cards: which can sell, which need somebody to go there. */
export function MachineList(): ReactNode {
  const words = useWords(machinesWords);
  const parts = useWords(partWords);
  const [params, setParams] = useSearchParams();
  const show = params.get('show');
  const filter = { q: params.get('q'), low: show === 'low' ? true : null, faulty: show === 'faulty' ? true : null };
  const machines = useInfiniteQuery({
    queryKey: ['machines', filter],
    queryFn: ({ pageParam, signal }) => listMachines(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFETCH_MS,
  });
  const choose = (name: 'q' | 'show', value: string): void => {
    const next = new URLSearchParams(params);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const rows = machines.data?.pages.flatMap(({ data }) => [...data]) ?? [];
  return (
    <>
      <PageHead title={words.title} hint={words.what} />
      <div className={styles['filters']}>
        <Input.Search
          aria-label={words.search}
          placeholder={words.search}
          defaultValue={filter.q ?? ''}
          allowClear
          onSearch={(text) => choose('q', text.trim())}
        />
        <Segmented
          aria-label={words.filter}
          value={show ?? ''}
          onChange={(value) => choose('show', value)}
          options={[
            { value: '', label: words.all },
            { value: 'low', label: words.low },
            { value: 'faulty', label: words.faulty },
          ]}
        />
      </div>
      {machines.error !== null && machines.data === undefined ? (
        <ErrorState error={machines.error} retry={() => void machines.refetch()} />
      ) : machines.isPending ? (
        <Loading />
      ) : rows.length === 0 ? (
        <EmptyState title={words.empty} hint={words.emptyHint} />
      ) : (
        <ul className={styles['cards']}>
          {rows.map((machine) => (
            <Card key={`${machine.account} ${machine.machine}`} machine={machine} />
          ))}
        </ul>
      )}
      {machines.hasNextPage && (
        <Button loading={machines.isFetchingNextPage} onClick={() => void machines.fetchNextPage()}>
          {parts.loadMore}
        </Button>
      )}
    </>
  );
}

function Card({ machine }: { readonly machine: Machine }): ReactNode {
  const words = useWords(machinesWords);
  const { account, machine: number, name, address, platform, slotCount, available, held } = machine;
  return (
    <li className={styles['card']} data-off={!machine.online || !machine.operating}>
      <p className={styles['cardHead']}>
        <Link to={`${encodeURIComponent(account)}/${encodeURIComponent(number)}`}>{name ?? number}</Link>
        <PlatformBadge platform={platform} />
      </p>
      <p className={styles['where']}>
        <code>{number}</code> {address}
      </p>
      <p className={styles['tags']}>
        <MachineState machine={machine} />
      </p>
      <dl className={styles['numbers']}>
        <div>
          <dt>{words.available}</dt>
          <dd>{available}</dd>
        </div>
        <div>
          <dt>{words.held}</dt>
          <dd>{held}</dd>
        </div>
        <div>
          <dt>{words.picture}</dt>
          <dd>{slotCount}</dd>
        </div>
      </dl>
    </li>
  );
}
