import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Form, Input, Select } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { readAccountNames } from '../../api/account-names.ts';
import type { Right } from '../../api/me.ts';
import { createKey, listKeys, revokeKey } from '../../api/settings.ts';
import type { ApiKey } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './settings.module.css';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { settingsWords } from './words.ts';

const RIGHTS = ['read', 'write', 'admin'] as const;

/** API keys: what they may do and see; the key itself is shown when it is made. */
export function Keys(): ReactNode {
  const words = useWords(settingsWords);
  const client = useQueryClient();
  const [key, setKey] = useState<string | null>(null);
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['keys'] });
  const columns: TableColumnsType<ApiKey> = [
    { title: words.name, dataIndex: 'name', render: (name: string) => <strong>{name}</strong> },
    { title: words.right, dataIndex: 'right', width: 100, render: (right: Right) => words.rights[right] },
    {
      title: words.limits,
      key: 'limits',
      render: (_: unknown, { accounts, merchants, shops }) =>
        limitsText([accounts, merchants, shops]) ?? words.noLimits,
    },
    { title: words.created, dataIndex: 'createdAt', width: 150, render: (at: string) => <Time at={at} /> },
    {
      title: words.state,
      dataIndex: 'revokedAt',
      width: 100,
      render: (at: string | null) => (
        <ToneTag tone={at === null ? 'ok' : 'neutral'}>{at === null ? words.valid : words.revoked}</ToneTag>
      ),
    },
    {
      title: <span className="only-read">{words.revoke}</span>,
      key: 'revoke',
      width: 100,
      render: (_: unknown, { id, name, revokedAt }) =>
        revokedAt === null && (
          <ConfirmAction
            label={words.revoke}
            title={`${words.revoke}: ${name}`}
            button={{ size: 'small', danger: true }}
            run={async () => {
              await revokeKey(id);
              await reread();
            }}
          >
            <p>{words.revokeHint}</p>
          </ConfirmAction>
        ),
    },
  ];
  return (
    <>
      <div className={styles['tools']}>
        <NewKey
          onMade={(made) => {
            setKey(made);
            void reread();
          }}
        />
      </div>
      <CursorTable<ApiKey>
        label={words.tabs.keys}
        queryKey={['keys']}
        read={listKeys}
        columns={columns}
        rowKey="id"
        empty={<EmptyState title={words.noKeys} hint={words.keyHint} />}
      />
      <ShownOnce text={key} title={words.keyTitle} hint={words.once} onClose={() => setKey(null)} />
    </>
  );
}

/** What a key or a user is limited to; null: nothing. */
export function limitsText(limits: readonly (readonly string[] | null)[]): string | null {
  const named = limits.flatMap((limit) => limit ?? []);
  return limits.every((limit) => limit === null) ? null : named.join(', ');
}

function NewKey({ onMade }: { readonly onMade: (key: string) => void }): ReactNode {
  const words = useWords(settingsWords);
  const [name, setName] = useState('');
  const [right, setRight] = useState<Right>('read');
  const [limit, setLimit] = useState<readonly string[]>([]);
  const accounts = useQuery({ queryKey: ['account-names'], queryFn: ({ signal }) => readAccountNames(signal) });
  const run = async (): Promise<void> => {
    const { key } = await createKey({ name: name.trim(), right, ...(limit.length === 0 ? {} : { accounts: limit }) });
    setName('');
    setLimit([]);
    onMade(key);
  };
  return (
    <ConfirmAction
      label={words.addKey}
      title={words.addKey}
      run={run}
      canRun={name.trim() !== ''}
      button={{ type: 'primary' }}
    >
      <p className="muted">{words.keyHint}</p>
      <Form layout="vertical" component="div" className={styles['form'] ?? ''}>
        <Form.Item label={words.name} htmlFor="key-name">
          <Input id="key-name" value={name} maxLength={200} onChange={({ target }) => setName(target.value)} />
        </Form.Item>
        <Form.Item label={words.right} htmlFor="key-right">
          <Select<Right>
            id="key-right"
            value={right}
            onChange={setRight}
            options={RIGHTS.map((value) => ({ value, label: words.rights[value] }))}
          />
        </Form.Item>
        <Form.Item label={words.limitTo} htmlFor="key-accounts">
          <Select<string[]>
            id="key-accounts"
            mode="multiple"
            value={[...limit]}
            onChange={setLimit}
            options={(accounts.data?.data ?? []).map((account) => ({ value: account.id, label: account.name }))}
          />
        </Form.Item>
      </Form>
    </ConfirmAction>
  );
}
