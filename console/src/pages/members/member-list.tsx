import { useQueryClient } from '@tanstack/react-query';
import { Form, Input } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import { addMember, listBalances } from '../../api/members.ts';
import type { MemberBalance } from '../../api/members.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Money } from '../../parts/money.tsx';
import styles from './members.module.css';
import { membersWords } from './words.ts';

export const memberPath = (id: string): string => `/members/member/${encodeURIComponent(id)}`;

/** Every member with what he has. */
export function MemberList(): ReactNode {
  const words = useWords(membersWords);
  const mayWrite = useMay('write');
  const navigate = useNavigate();
  const money = (key: 'estimated' | 'confirmed' | 'available' | 'paid' | 'takenBack') => ({
    title: words[key],
    dataIndex: key,
    width: 120,
    align: 'end' as const,
    render: (fen: number) => <Money fen={fen} isStrong={key === 'available'} />,
  });
  const columns: TableColumnsType<MemberBalance> = [
    {
      title: words.member,
      dataIndex: 'member',
      render: (id: string, { name }) => (
        <Link to={memberPath(id)}>
          {name ?? id} {name !== null && name !== id && <code className={styles['id']}>{id}</code>}
        </Link>
      ),
    },
    money('estimated'),
    money('confirmed'),
    money('available'),
    money('paid'),
    money('takenBack'),
  ];
  return (
    <>
      {mayWrite && (
        <div className={styles['tools']}>
          <AddMember />
        </div>
      )}
      <CursorTable<MemberBalance>
        label={words.tabs.members}
        queryKey={['balances']}
        read={listBalances}
        columns={columns}
        rowKey="member"
        onOpen={({ member }) => void navigate(memberPath(member))}
        empty={<EmptyState title={words.empty} hint={words.emptyHint} />}
      />
    </>
  );
}

const NOBODY = { id: '', name: '', sids: '', inviter: '' };

function AddMember(): ReactNode {
  const words = useWords(membersWords);
  const client = useQueryClient();
  const [wish, setWish] = useState(NOBODY);
  const field = (name: keyof typeof NOBODY, label: string, hint?: string): ReactNode => (
    <Form.Item label={label} htmlFor={`member-${name}`} extra={hint}>
      <Input
        id={`member-${name}`}
        value={wish[name]}
        autoComplete="off"
        onChange={({ target }) => setWish({ ...wish, [name]: target.value })}
      />
    </Form.Item>
  );
  const run = async (): Promise<void> => {
    const sids = wish.sids.split(/\s+/u).filter((sid) => sid !== '');
    const [id, name, inviter] = [wish.id.trim(), wish.name.trim(), wish.inviter.trim()];
    await addMember({
      id,
      ...(name === '' ? {} : { name }),
      ...(sids.length === 0 ? {} : { sids }),
      ...(inviter === '' ? {} : { inviter }),
    });
    setWish(NOBODY);
    await client.invalidateQueries({ queryKey: ['balances'] });
  };
  return (
    <ConfirmAction
      label={words.add}
      title={words.add}
      run={run}
      canRun={wish.id.trim() !== ''}
      button={{ type: 'primary' }}
    >
      <Form layout="vertical" component="div">
        {field('id', words.memberId, words.memberIdHint)}
        {field('name', words.name)}
        {field('sids', words.sids, words.sidsHint)}
        {field('inviter', words.inviter, words.inviterHint)}
      </Form>
    </ConfirmAction>
  );
}
