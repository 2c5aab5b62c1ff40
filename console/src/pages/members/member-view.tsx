import { useQuery } from '@tanstack/react-query';
import { Segmented } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { listInvited, listStatement, readBalance, readMember } from '../../api/members.ts';
import type { Member, StatementLine } from '../../api/members.ts';
import { useWords } from '../../app/language.ts';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Money } from '../../parts/money.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { memberPath } from './member-list.tsx';
import styles from './members.module.css';
import { membersWords } from './words.ts';

const BUCKETS = ['estimated', 'confirmed', 'available', 'paid', 'takenBack'] as const;

/** A member: what he has, who invited him and whom he invited, and what moved. */
export function MemberView(): ReactNode {
  const { id = '' } = useParams();
  const words = useWords(membersWords);
  const member = useQuery({ queryKey: ['member', id], queryFn: ({ signal }) => readMember(id, signal) });
  const balance = useQuery({ queryKey: ['balance', id], queryFn: ({ signal }) => readBalance(id, signal) });
  const error = member.error ?? balance.error;
  if (error !== null)
    return (
      <ErrorState
        error={error}
        retry={() => {
          void member.refetch();
          void balance.refetch();
        }}
      />
    );
  if (member.data === undefined || balance.data === undefined) return <Loading />;
  const { name, sids } = member.data;
  const has = balance.data;
  return (
    <>
      <p className={styles['back']}>
        <Link to="/members">← {words.back}</Link>
      </p>
      <PageHead
        title={name ?? id}
        hint={
          <span className={styles['sids']}>
            <code>{id}</code> {words.sids} <code>{sids.join(' ')}</code>
          </span>
        }
      />
      <dl className={styles['balances']}>
        {BUCKETS.map((bucket) => (
          <div key={bucket} data-bucket={bucket}>
            <dt>{words[bucket]}</dt>
            <dd>
              <Money fen={has[bucket]} />
            </dd>
            <dd className={styles['bucketHint']}>{words.balanceHints[bucket]}</dd>
          </div>
        ))}
      </dl>
      <section className={styles['card']} aria-labelledby="tree">
        <h2 id="tree">{words.tree}</h2>
        <Tree member={member.data} />
      </section>
      <Statement member={id} />
    </>
  );
}

/** Two levels up and the people below: as far as shares go. */
function Tree({ member }: { readonly member: Member }): ReactNode {
  const words = useWords(membersWords);
  const invited = useQuery({
    queryKey: ['invited', member.id],
    queryFn: ({ signal }) => listInvited(member.id, signal),
  });
  const inviter = useQuery({
    queryKey: ['member', member.inviter],
    queryFn: ({ signal }) => readMember(member.inviter ?? '', signal),
    enabled: member.inviter !== null,
  });
  const above = [inviter.data?.inviter ?? null, member.inviter].filter((id) => id !== null);
  const below = invited.data?.data ?? [];
  return (
    <div className={styles['tree']}>
      <ol className={styles['chain']}>
        {above.length === 0 && <li className="muted">{words.root}</li>}
        {above.map((id) => (
          <li key={id}>
            <Link to={memberPath(id)}>{id}</Link>
          </li>
        ))}
        <li aria-current="true">
          <strong>{member.name ?? member.id}</strong>
        </li>
      </ol>
      <p className="muted">{below.length === 0 ? words.noInvited : words.invited(String(below.length))}</p>
      <ul className={styles['invited']}>
        {below.map(({ id, name }) => (
          <li key={id}>
            <Link to={memberPath(id)}>{name ?? id}</Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Statement({ member }: { readonly member: string }): ReactNode {
  const words = useWords(membersWords);
  const [by, setBy] = useState<'day' | 'order'>('day');
  const money = (key: (typeof BUCKETS)[number]) => ({
    title: words[key],
    dataIndex: key,
    width: 120,
    align: 'end' as const,
    render: (fen: number) => (fen === 0 ? <span className="muted">–</span> : <Money fen={fen} />),
  });
  const columns: TableColumnsType<StatementLine & { readonly key: string }> = [
    by === 'day'
      ? { title: words.day, dataIndex: 'day', width: 130 }
      : {
          title: words.order,
          dataIndex: 'order',
          render: (order: string | null, { platformOrderId }) =>
            order === null ? (
              <span className="muted">{words.manual}</span>
            ) : (
              <Link to={`/orders/${order}`}>{platformOrderId ?? order}</Link>
            ),
        },
    ...BUCKETS.map(money),
  ];
  return (
    <section>
      <div className={styles['heading']}>
        <h2>{words.statement}</h2>
        <Segmented<'day' | 'order'>
          aria-label={words.statement}
          value={by}
          onChange={setBy}
          options={[
            { value: 'day', label: words.byDay },
            { value: 'order', label: words.byOrder },
          ]}
        />
      </div>
      <CursorTable<StatementLine & { readonly key: string }>
        label={words.statement}
        queryKey={['statement', member, by]}
        read={async (cursor, signal) => {
          const page = await listStatement(member, by, cursor, signal);
          return { ...page, data: page.data.map((line) => ({ ...line, key: line.day ?? line.order ?? 'manual' })) };
        }}
        columns={columns}
        rowKey="key"
        empty={<EmptyState title={words.emptyStatement} />}
      />
    </section>
  );
}
