import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Segmented } from 'antd';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { listAttention } from '../../api/attention.ts';
import type { AttentionItem } from '../../api/attention.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useLiveEvents } from '../../app/live.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { partWords } from '../../parts/words.ts';
import { AttentionCard } from './attention-card.tsx';
import styles from './attention.module.css';
import { attentionWords } from './words.ts';

const STATES = ['open', 'dismissed', 'closed'] as const;
const REFETCH_MS = 10_000;

/** The queue, grouped by what is wrong, the oldest trouble of a group where it came. */
export function Page(): ReactNode {
  const words = useWords(attentionWords);
  const parts = useWords(partWords);
  const client = useQueryClient();
  const [params, setParams] = useSearchParams();
  const state = params.get('state') ?? 'open';
  const kind = params.get('kind');
  const list = useInfiniteQuery({
    queryKey: ['attention', state, kind],
    queryFn: ({ pageParam, signal }) => listAttention({ state, kind }, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: REFETCH_MS,
  });
  const listener = useMemo(() => {
    const reread = (): void => void client.invalidateQueries({ queryKey: ['attention'] });
    return {
      onEvents: (events: readonly { readonly type: string }[]) => {
        if (events.some(({ type }) => type.startsWith('attention.'))) reread();
      },
      onGap: reread,
    };
  }, [client]);
  useLiveEvents(listener);
  const choose = (name: 'state' | 'kind', value: string | null): void => {
    const next = new URLSearchParams(params);
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const items = list.data?.pages.flatMap(({ data }) => [...data]) ?? [];
  return (
    <>
      <PageHead title={words.title} hint={words.what} />
      <div className={styles['filters']}>
        <Segmented
          aria-label={words.filterState}
          value={state}
          onChange={(value) => choose('state', value === 'open' ? null : value)}
          options={STATES.map((value) => ({ value, label: words.states[value] }))}
        />
      </div>
      <Kinds
        items={items}
        counts={list.data?.pages[0]?.counts ?? []}
        chosen={kind}
        onChoose={(to) => choose('kind', to)}
      />
      {list.error !== null && list.data === undefined ? (
        <ErrorState error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading />
      ) : items.length === 0 ? (
        <EmptyState title={words.empty} {...(state === 'open' ? { hint: words.emptyHint } : {})} />
      ) : (
        <Groups items={items} />
      )}
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {parts.loadMore}
        </Button>
      )}
    </>
  );
}

function groupsOf(items: readonly AttentionItem[]): ReadonlyMap<string, readonly AttentionItem[]> {
  const groups = new Map<string, AttentionItem[]>();
  for (const item of items) groups.set(item.kind, [...(groups.get(item.kind) ?? []), item]);
  return groups;
}

/** How many of each kind there are on all pages; a click shows one kind alone. */
function Kinds({
  items,
  counts,
  chosen,
  onChoose,
}: {
  readonly items: readonly AttentionItem[];
  readonly counts: readonly { readonly kind: string; readonly count: number }[];
  readonly chosen: string | null;
  readonly onChoose: (kind: string | null) => void;
}): ReactNode {
  const words = useWords(attentionWords);
  const own = useOwnWords();
  if (counts.length === 0 && chosen === null) return null;
  const titleOf = (kind: string): string => {
    const title = items.find((item) => item.kind === kind)?.title;
    return title === undefined ? kind : own(title);
  };
  return (
    <div className={styles['kinds']} role="group" aria-label={words.kinds}>
      {chosen !== null && <Button onClick={() => onChoose(null)}>{words.all}</Button>}
      {counts.map(({ kind, count }) => (
        <Button
          key={kind}
          type={kind === chosen ? 'primary' : 'default'}
          aria-pressed={kind === chosen}
          onClick={() => onChoose(kind === chosen ? null : kind)}
        >
          {titleOf(kind)} {count}
        </Button>
      ))}
    </div>
  );
}

function Groups({ items }: { readonly items: readonly AttentionItem[] }): ReactNode {
  const words = useWords(attentionWords);
  const own = useOwnWords();
  return [...groupsOf(items)].map(([kind, group]) => {
    const [first] = group;
    if (first === undefined) return null;
    return (
      <section key={kind} className={styles['group']} aria-labelledby={`kind-${kind}`}>
        <h2 id={`kind-${kind}`}>{own(first.title)}</h2>
        <p className={styles['todo']}>
          <strong>{words.todo}</strong> {own(first.todo)}
        </p>
        <ul className={styles['items']}>
          {group.map((item) => (
            <AttentionCard key={item.id} item={item} />
          ))}
        </ul>
      </section>
    );
  });
}
