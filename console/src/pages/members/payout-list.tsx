import { useQueryClient } from '@tanstack/react-query';
import { Form, Input } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import { createPayout, listPayouts } from '../../api/members.ts';
import type { Payout } from '../../api/members.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { fenOf, Money } from '../../parts/money.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './members.module.css';
import { membersWords } from './words.ts';

export function PayoutList(): ReactNode {
  const words = useWords(membersWords);
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const money = (key: 'amount' | 'held' | 'paid' | 'failed') => ({
    title: words[key],
    dataIndex: key,
    width: 120,
    align: 'end' as const,
    render: (fen: number) => <Money fen={fen} />,
  });
  const columns: TableColumnsType<Payout> = [
    {
      title: words.created,
      dataIndex: 'createdAt',
      width: 150,
      render: (at: string, { id }) => (
        <Link to={`/members/payouts/${id}`}>
          <Time at={at} />
        </Link>
      ),
    },
    { title: words.kind, dataIndex: 'kind', render: (kind: Payout['kind']) => words.kinds[kind] },
    {
      title: words.state,
      dataIndex: 'state',
      width: 100,
      render: (state: Payout['state']) => (
        <ToneTag tone={state === 'done' ? 'ok' : 'warn'}>{words.states[state]}</ToneTag>
      ),
    },
    { title: words.people, dataIndex: 'members', width: 90, align: 'end' },
    money('amount'),
    money('held'),
    money('paid'),
    money('failed'),
  ];
  return (
    <>
      {isAdmin && (
        <div className={styles['tools']}>
          <NewPayout />
        </div>
      )}
      <CursorTable<Payout>
        label={words.tabs.payouts}
        queryKey={['payouts']}
        read={listPayouts}
        columns={columns}
        rowKey="id"
        onOpen={({ id }) => void navigate(`/members/payouts/${id}`)}
        empty={<EmptyState title={words.noPayouts} />}
      />
    </>
  );
}

function NewPayout(): ReactNode {
  const words = useWords(membersWords);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [minimum, setMinimum] = useState('');
  const fen = minimum.trim() === '' ? null : fenOf(minimum);
  const run = async (): Promise<void> => {
    const payout = await createPayout(fen ?? null);
    await client.invalidateQueries({ queryKey: ['payouts'] });
    void navigate(`/members/payouts/${payout.id}`);
  };
  return (
    <ConfirmAction
      label={words.pay}
      title={words.payTitle}
      run={run}
      canRun={fen !== undefined}
      button={{ type: 'primary' }}
    >
      <p className="muted">{words.payHint}</p>
      <Form layout="vertical" component="div" className={styles['form'] ?? ''}>
        <Form.Item label={words.minimum} htmlFor="payout-minimum">
          <Input
            id="payout-minimum"
            prefix="¥"
            inputMode="decimal"
            value={minimum}
            onChange={({ target }) => setMinimum(target.value)}
          />
        </Form.Item>
      </Form>
    </ConfirmAction>
  );
}
