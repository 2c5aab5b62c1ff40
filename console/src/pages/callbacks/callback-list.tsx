import { useQuery } from '@tanstack/react-query';
import { Button, Segmented, Select } from 'antd';
import type { TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { listCallbacks, VERDICTS } from '../../api/callbacks.ts';
import type { Callback } from '../../api/callbacks.ts';
import { readPlatforms } from '../../api/platforms.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { PlatformBadge, useTopicName } from '../../parts/platform-badge.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './callbacks.module.css';
import { VerdictTag } from '../../parts/verdict-tag.tsx';
import { callbacksWords } from './words.ts';

const REFETCH_MS = 5000;

/** All callbacks, the youngest first; which of them is in the address. */
export function CallbackList(): ReactNode {
  const words = useWords(callbacksWords);
  const topicName = useTopicName();
  const verdicts = useWords(partWords).verdicts;
  const ownWords = useOwnWords();
  const mayWrite = useMay('write');
  const navigate = useNavigate();
  const [params, setParams] = useSearchParams();
  const platforms = useQuery({ queryKey: ['platforms'], queryFn: ({ signal }) => readPlatforms(signal) });
  const filter = {
    verdict: params.get('verdict'),
    platform: params.get('platform'),
    account: params.get('account'),
    order: params.get('order'),
  };
  const choose = (name: keyof typeof filter, value: string | null): void => {
    const next = new URLSearchParams(params);
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  const isFiltered = Object.values(filter).some((value) => value !== null);
  return (
    <>
      <PageHead title={words.title} hint={words.what}>
        {mayWrite && <Button onClick={() => void navigate('doctor')}>{words.paste}</Button>}
      </PageHead>
      <div className={styles['filters']}>
        <div className={styles['verdicts']}>
          <Segmented
            aria-label={words.filterVerdict}
            value={filter.verdict ?? ''}
            onChange={(value) => choose('verdict', value)}
            options={[
              { value: '', label: words.all },
              ...VERDICTS.map((verdict) => ({ value: verdict, label: verdicts[verdict] })),
            ]}
          />
        </div>
        <Select
          aria-label={words.filterPlatform}
          className={styles['select'] ?? ''}
          allowClear
          placeholder={words.filterPlatform}
          value={filter.platform}
          onChange={(value: string | undefined) => choose('platform', value ?? null)}
          options={(platforms.data?.data ?? []).map(({ id, label }) => ({ value: id, label: ownWords(label) }))}
        />
      </div>
      <CursorTable<Callback>
        label={words.title}
        queryKey={['callbacks', filter]}
        read={(cursor, signal) => listCallbacks(filter, cursor, signal)}
        columns={columnsOf(words, topicName)}
        rowKey="id"
        refetchIntervalMs={REFETCH_MS}
        onOpen={({ id }) => void navigate(id)}
        empty={
          isFiltered ? (
            <EmptyState title={words.emptyFiltered} />
          ) : (
            <EmptyState title={words.empty} hint={words.emptyHint} />
          )
        }
      />
    </>
  );
}

function columnsOf(
  words: ReturnType<typeof useWords<(typeof callbacksWords)['zh']>>,
  topicName: ReturnType<typeof useTopicName>,
): TableColumnsType<Callback> {
  return [
    {
      title: words.received,
      dataIndex: 'receivedAt',
      width: 130,
      // The row opens by a click; by keyboard it is this link.
      render: (at: string, { id }) => (
        <Link to={id}>
          <TimeAgo at={at} />
        </Link>
      ),
    },
    {
      title: words.platform,
      dataIndex: 'platform',
      width: 150,
      render: (id: string) => <PlatformBadge platform={id} />,
    },
    {
      title: words.topic,
      dataIndex: 'topic',
      width: 120,
      render: (topic: string, { platform }) => (topic === '' ? '–' : topicName(platform, topic)),
    },
    {
      title: words.verdict,
      dataIndex: 'verdict',
      width: 110,
      render: (_: unknown, { verdict }) => <VerdictTag verdict={verdict} />,
    },
    {
      title: words.reason,
      dataIndex: 'reason',
      ellipsis: true,
      render: (reason: string | null) => reason ?? <span className="muted">–</span>,
    },
    {
      title: words.order,
      dataIndex: 'orders',
      width: 170,
      render: (orders: readonly string[]) =>
        orders[0] === undefined ? (
          <span className="muted">–</span>
        ) : (
          <Link to={`/orders/${orders[0]}`} className={styles['id'] ?? ''}>
            {orders[0]}
          </Link>
        ),
    },
    {
      title: words.replied,
      dataIndex: 'reply',
      width: 80,
      render: (reply: Callback['reply']) => reply.status,
    },
  ];
}
