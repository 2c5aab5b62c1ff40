import { useQueryClient } from '@tanstack/react-query';
import { Form, Input, Select } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Limits, Right } from '../../api/me.ts';
import { createKey, listKeys, revokeKey } from '../../api/settings.ts';
import type { ApiKey } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import { LimitFields, LimitsText, NO_LIMITS } from './limit-fields.tsx';
import styles from './settings.module.css';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { settingsWords } from './words.ts';

const RIGHTS = ['read', 'write', 'admin'] as const;

/** API keys: what they may do and see; the key itself is shown when it is made. */
export function Keys(): ReactNode {
  const words = useWords(settingsWords);
  const client = useQueryClient();
  const [made, setMade] = useState<string | null>(null);
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['keys'] });
  const columns: TableColumnsType<ApiKey> = [
    { title: words.name, dataIndex: 'name', render: (name: string) => <strong>{name}</strong> },
    { title: words.right, dataIndex: 'right', width: 100, render: (right: Right) => words.rights[right] },
    {
      title: words.limits,
      key: 'limits',
      render: (_: unknown, key) => <LimitsText limits={key} />,
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
          onMade={(key) => {
            setMade(key);
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
      <ShownOnce text={made} title={words.keyTitle} hint={words.once} onClose={() => setMade(null)} />
    </>
  );
}

function NewKey({ onMade }: { readonly onMade: (key: string) => void }): ReactNode {
  const words = useWords(settingsWords);
  const [name, setName] = useState('');
  const [right, setRight] = useState<Right>('read');
  const [limits, setLimits] = useState<Limits>(NO_LIMITS);
  const run = async (): Promise<void> => {
    const { key } = await createKey({ name: name.trim(), right, ...limits });
    setName('');
    setLimits(NO_LIMITS);
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
        <LimitFields idPrefix="key" limits={limits} onChange={setLimits} />
      </Form>
    </ConfirmAction>
  );
}
