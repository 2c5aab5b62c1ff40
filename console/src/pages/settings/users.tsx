import { useQueryClient } from '@tanstack/react-query';
import { App, Form, Input, Select, Switch } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Role } from '../../api/me.ts';
import { changeUser, createUser, linkForUser, listUsers, removeUser } from '../../api/settings.ts';
import type { Link, User } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { useMe } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { Time, TimeAgo } from '../../parts/time.tsx';
import { limitsText } from './keys.tsx';
import styles from './settings.module.css';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { settingsWords } from './words.ts';

const ROLES = ['admin', 'operator', 'viewer'] as const;

/** Who may sign in, and what each may do. */
export function Users(): ReactNode {
  const words = useWords(settingsWords);
  const me = useMe();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { message } = App.useApp();
  const [link, setLink] = useState<Link | null>(null);
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['users'] });
  const change = async (id: string, part: Parameters<typeof changeUser>[1]): Promise<void> => {
    try {
      await changeUser(id, part);
    } catch (error) {
      void message.error(errorText(error));
    }
    await reread();
  };
  const columns: TableColumnsType<User> = [
    {
      title: words.username,
      dataIndex: 'username',
      render: (username: string, { name }) => (
        <>
          <strong>{username}</strong> {name !== null && <span className="muted">{name}</span>}
        </>
      ),
    },
    {
      title: words.role,
      dataIndex: 'role',
      width: 140,
      render: (role: Role, { id, username }) => (
        <Select<Role>
          aria-label={`${words.role} ${username}`}
          value={role}
          disabled={id === me.user?.id}
          onChange={(next) => void change(id, { role: next })}
          options={ROLES.map((value) => ({ value, label: words.roles[value] }))}
          style={{ width: 120 }}
        />
      ),
    },
    {
      title: words.reveal,
      dataIndex: 'reveal',
      width: 140,
      render: (reveal: boolean, { id, role, username }) => (
        <Switch
          size="small"
          aria-label={`${words.reveal} ${username}`}
          checked={reveal || role === 'admin'}
          disabled={role === 'admin'}
          onChange={(on) => void change(id, { reveal: on })}
        />
      ),
    },
    {
      title: words.limits,
      key: 'limits',
      render: (_: unknown, { accounts, merchants, shops }) =>
        limitsText([accounts, merchants, shops]) ?? words.noLimits,
    },
    {
      title: words.signedIn,
      dataIndex: 'signedInAt',
      width: 130,
      render: (at: string | null) => (at === null ? <span className="muted">{words.never}</span> : <TimeAgo at={at} />),
    },
    {
      title: <span className="only-read">{words.link}</span>,
      key: 'tools',
      width: 210,
      render: (_: unknown, { id, username }) => (
        <span className={styles['rowTools']}>
          <ConfirmAction
            label={words.link}
            title={`${words.link}: ${username}`}
            button={{ size: 'small' }}
            run={async () => setLink(await linkForUser(id))}
          >
            <p>{words.linkHint}</p>
          </ConfirmAction>
          {id !== me.user?.id && (
            <ConfirmAction
              label={words.remove}
              title={`${words.remove}: ${username}`}
              button={{ size: 'small', danger: true }}
              run={async () => {
                await removeUser(id);
                await reread();
              }}
            >
              <p>{words.removeUserHint}</p>
            </ConfirmAction>
          )}
        </span>
      ),
    },
  ];
  return (
    <>
      <div className={styles['tools']}>
        <NewUser
          onMade={async (id) => {
            setLink(await linkForUser(id));
            await reread();
          }}
        />
      </div>
      <CursorTable<User>
        label={words.tabs.users}
        queryKey={['users']}
        read={listUsers}
        columns={columns}
        rowKey="id"
        minWidth={900}
        empty={<EmptyState title={words.noUsers} hint={words.userHint} />}
      />
      <ShownOnce
        text={link?.url ?? null}
        title={words.linkTitle}
        hint={
          <>
            {words.linkHint} {words.linkUntil} <Time at={link?.expiresAt ?? null} isWhole />
          </>
        }
        onClose={() => setLink(null)}
      />
    </>
  );
}

function NewUser({ onMade }: { readonly onMade: (id: string) => Promise<void> }): ReactNode {
  const words = useWords(settingsWords);
  const [username, setUsername] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const run = async (): Promise<void> => {
    const own = name.trim();
    const { id } = await createUser({ username: username.trim(), role, ...(own === '' ? {} : { name: own }) });
    setUsername('');
    setName('');
    await onMade(id);
  };
  return (
    <ConfirmAction
      label={words.addUser}
      title={words.addUser}
      run={run}
      canRun={username.trim() !== ''}
      button={{ type: 'primary' }}
    >
      <p className="muted">{words.userHint}</p>
      <Form layout="vertical" component="div" className={styles['form'] ?? ''}>
        <Form.Item label={words.username} htmlFor="user-username">
          <Input
            id="user-username"
            value={username}
            maxLength={64}
            autoComplete="off"
            onChange={({ target }) => setUsername(target.value)}
          />
        </Form.Item>
        <Form.Item label={words.name} htmlFor="user-name">
          <Input
            id="user-name"
            value={name}
            maxLength={200}
            autoComplete="off"
            onChange={({ target }) => setName(target.value)}
          />
        </Form.Item>
        <Form.Item label={words.role} htmlFor="user-role" extra={words.roleHints[role]}>
          <Select<Role>
            id="user-role"
            value={role}
            onChange={setRole}
            options={ROLES.map((value) => ({ value, label: words.roles[value] }))}
          />
        </Form.Item>
      </Form>
    </ConfirmAction>
  );
}
