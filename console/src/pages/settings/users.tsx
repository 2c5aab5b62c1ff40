import { useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Role } from '../../api/me.ts';
import { changeUser, createUser, linkForUser, listUsers, removeUser } from '../../api/settings.ts';
import type { Link, User, UserFields } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { useMe } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time, TimeAgo } from '../../parts/time.tsx';
import { LimitsText } from './limit-fields.tsx';
import styles from './settings.module.css';
import { UserForm } from './user-form.tsx';
import { UserSessions } from './user-sessions.tsx';
import { settingsWords } from './words.ts';

const ROLE_TONES = { admin: 'accent', operator: 'info', viewer: 'neutral' } as const;

/** Who may sign in, what each may do and see, and where each is signed in. */
export function Users(): ReactNode {
  const words = useWords(settingsWords);
  const me = useMe();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [link, setLink] = useState<Link | null>(null);
  const [edited, setEdited] = useState<User | 'new' | null>(null);
  const [watched, setWatched] = useState<User | null>(null);
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['users'] });
  const save = async (fields: UserFields): Promise<void> => {
    if (edited === null) return;
    if (edited === 'new') {
      const { role = 'operator', ...more } = fields;
      const { id } = await createUser({ ...more, role });
      await reread();
      setLink(await linkForUser(id));
      return;
    }
    const change = changed(edited, fields);
    if (Object.keys(change).length > 0) await changeUser(edited.id, change);
    await reread();
    if (edited.id === me.user?.id) await client.invalidateQueries({ queryKey: ['me'] });
    void message.success(words.saved);
  };
  const columns: TableColumnsType<User> = [
    {
      title: words.username,
      dataIndex: 'username',
      render: (username: string, { name, hasPassword }) => (
        <>
          <strong>{username}</strong> {name !== null && <span className="muted">{name}</span>}{' '}
          {!hasPassword && <ToneTag tone="warn">{words.noPassword}</ToneTag>}
        </>
      ),
    },
    {
      title: words.role,
      dataIndex: 'role',
      width: 110,
      render: (role: Role) => <ToneTag tone={ROLE_TONES[role]}>{words.roles[role]}</ToneTag>,
    },
    {
      title: words.revealShort,
      dataIndex: 'reveal',
      width: 110,
      render: (reveal: boolean) => (reveal ? words.may : <span className="muted">{words.mayNot}</span>),
    },
    { title: words.limits, key: 'limits', render: (_: unknown, user) => <LimitsText limits={user} /> },
    {
      title: words.signedIn,
      dataIndex: 'signedInAt',
      width: 120,
      render: (at: string | null) => (at === null ? <span className="muted">{words.never}</span> : <TimeAgo at={at} />),
    },
    {
      title: <span className="only-read">{words.link}</span>,
      key: 'tools',
      width: 330,
      render: (_: unknown, user) => (
        <span className={styles['rowTools']}>
          <Button size="small" onClick={() => setEdited(user)}>
            {words.edit}
          </Button>
          <Button size="small" onClick={() => setWatched(user)}>
            {words.userSessions}
          </Button>
          <ConfirmAction
            label={words.link}
            title={`${words.link}: ${user.username}`}
            button={{ size: 'small' }}
            run={async () => setLink(await linkForUser(user.id))}
          >
            <p>{words.resetHint}</p>
          </ConfirmAction>
          {user.id !== me.user?.id && (
            <ConfirmAction
              label={words.remove}
              title={`${words.remove}: ${user.username}`}
              button={{ size: 'small', danger: true }}
              run={async () => {
                await removeUser(user.id);
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
        <Button type="primary" onClick={() => setEdited('new')}>
          {words.addUser}
        </Button>
      </div>
      <CursorTable<User>
        label={words.tabs.users}
        queryKey={['users']}
        read={listUsers}
        columns={columns}
        rowKey="id"
        minWidth={1000}
        empty={<EmptyState title={words.noUsers} hint={words.userHint} />}
      />
      {edited !== null && (
        <UserForm user={edited === 'new' ? null : edited} onSave={save} onClose={() => setEdited(null)} />
      )}
      <UserSessions user={watched} onClose={() => setWatched(null)} />
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

/** Only what differs: a role that is sent again would be a change of it in the audit log. */
function changed(user: User, fields: UserFields): UserFields {
  const before: Readonly<Record<string, unknown>> = { ...user };
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value)),
  );
}
