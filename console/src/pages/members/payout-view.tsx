import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { listPayoutItems, payoutFile, readPayout, settlePayout } from '../../api/members.ts';
import type { Payout, PayoutItem } from '../../api/members.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Money } from '../../parts/money.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import type { Tone } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import { memberPath } from './member-list.tsx';
import styles from './members.module.css';
import { membersWords } from './words.ts';

const TONES: Readonly<Record<PayoutItem['state'], Tone>> = { held: 'warn', paid: 'ok', failed: 'danger' };
const SUMS = ['amount', 'held', 'paid', 'failed'] as const;

/** A payout: whom it pays how much, and what became of each item. */
export function PayoutView(): ReactNode {
  const { id = '' } = useParams();
  const words = useWords(membersWords);
  const isAdmin = useMay('admin');
  const client = useQueryClient();
  const payout = useQuery({ queryKey: ['payout', id], queryFn: ({ signal }) => readPayout(id, signal) });
  if (payout.error !== null && payout.data === undefined)
    return <ErrorState error={payout.error} retry={() => void payout.refetch()} />;
  if (payout.data === undefined) return <Loading />;
  const settle = async (wish: Parameters<typeof settlePayout>[1]): Promise<void> => {
    await settlePayout(id, wish);
    await Promise.all(
      [['payout', id], ['payout-items', id], ['payouts'], ['balances']].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );
  };
  return (
    <>
      <p className={styles['back']}>
        <Link to="/members/payouts">← {words.backToPayouts}</Link>
      </p>
      <PageHead
        title={words.payout}
        hint={
          <span className={styles['sids']}>
            <code>{id}</code> <Time at={payout.data.createdAt} isWhole />
          </span>
        }
      >
        <Button href={payoutFile(id)}>{words.download}</Button>
        {isAdmin && payout.data.held > 0 && (
          <ConfirmAction
            label={words.markPaid}
            title={words.markPaid}
            button={{ type: 'primary' }}
            run={() => settle({ state: 'paid' })}
          >
            <p>{words.markPaidHint}</p>
          </ConfirmAction>
        )}
      </PageHead>
      <Sums payout={payout.data} />
      <CursorTable<PayoutItem>
        label={words.payout}
        queryKey={['payout-items', id]}
        read={(cursor, signal) => listPayoutItems(id, cursor, signal)}
        columns={columnsOf(words, isAdmin, settle)}
        rowKey="member"
      />
    </>
  );
}

function Sums({ payout }: { readonly payout: Payout }): ReactNode {
  const words = useWords(membersWords);
  return (
    <dl className={styles['balances']}>
      {SUMS.map((sum) => (
        <div key={sum}>
          <dt>{words[sum]}</dt>
          <dd>
            <Money fen={payout[sum]} />
          </dd>
        </div>
      ))}
      <div>
        <dt>{words.people}</dt>
        <dd>{payout.members}</dd>
      </div>
    </dl>
  );
}

type Words = ReturnType<typeof useWords<(typeof membersWords)['zh']>>;
type Settle = (wish: Parameters<typeof settlePayout>[1]) => Promise<void>;

function columnsOf(words: Words, isAdmin: boolean, settle: Settle): TableColumnsType<PayoutItem> {
  return [
    {
      title: words.member,
      dataIndex: 'member',
      render: (id: string, { name }) => <Link to={memberPath(id)}>{name ?? id}</Link>,
    },
    {
      title: words.amount,
      dataIndex: 'amount',
      width: 130,
      align: 'end',
      render: (fen: number) => <Money fen={fen} isStrong />,
    },
    {
      title: words.state,
      dataIndex: 'state',
      width: 200,
      render: (state: PayoutItem['state'], { reason }) => (
        <>
          <ToneTag tone={TONES[state]}>{words.itemStates[state]}</ToneTag>
          {reason !== null && <span className="muted"> {reason}</span>}
        </>
      ),
    },
    ...(isAdmin
      ? [
          {
            title: <span className="only-read">{words.state}</span>,
            key: 'settle',
            width: 210,
            render: (_: unknown, item: PayoutItem) => item.state === 'held' && <Settler item={item} settle={settle} />,
          },
        ]
      : []),
  ];
}

function Settler({ item, settle }: { readonly item: PayoutItem; readonly settle: Settle }): ReactNode {
  const words = useWords(membersWords);
  const [reason, setReason] = useState('');
  const members = [item.member];
  return (
    <span className={styles['settle']}>
      <ConfirmAction
        label={words.markOnePaid}
        title={`${words.markOnePaid}: ${item.name ?? item.member}`}
        button={{ size: 'small' }}
        run={() => settle({ state: 'paid', members })}
      >
        <p>{words.markPaidHint}</p>
      </ConfirmAction>
      <ConfirmAction
        label={words.markFailed}
        title={`${words.markFailed}: ${item.name ?? item.member}`}
        button={{ size: 'small', danger: true }}
        run={() => settle({ state: 'failed', members, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) })}
      >
        <p>{words.markFailedHint}</p>
        <Input
          aria-label={words.reason}
          placeholder={words.reason}
          maxLength={500}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </ConfirmAction>
    </span>
  );
}
