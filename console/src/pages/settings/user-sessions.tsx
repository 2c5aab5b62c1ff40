import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Drawer } from 'antd';
import type { ReactNode } from 'react';
import { endSession, listSessions } from '../../api/settings.ts';
import type { User } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { SessionRow } from './session-row.tsx';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

/** Where another user is signed in; null: nobody is looked at. */
export function UserSessions({
  user,
  onClose,
}: {
  readonly user: User | null;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords(settingsWords);
  return (
    <Drawer
      open={user !== null}
      onClose={onClose}
      size="large"
      title={user === null ? '' : words.sessionsOf(user.name ?? user.username)}
      destroyOnHidden
    >
      {user !== null && <Sessions user={user} />}
    </Drawer>
  );
}

function Sessions({ user }: { readonly user: User }): ReactNode {
  const words = useWords(settingsWords);
  const client = useQueryClient();
  const queryKey = ['sessions', user.id];
  const sessions = useQuery({ queryKey, queryFn: ({ signal }) => listSessions(user.id, signal) });
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey });
  if (sessions.error !== null && sessions.data === undefined)
    return <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />;
  if (sessions.data === undefined) return <Loading />;
  const rows = sessions.data.data;
  const others = rows.filter(({ current }) => !current);
  if (rows.length === 0) return <EmptyState title={words.noSessions} />;
  return (
    <>
      {others.length > 1 && (
        <div className={styles['tools']}>
          <ConfirmAction
            label={words.endAll}
            title={words.endAll}
            button={{ danger: true }}
            run={async () => {
              for (const { id } of others) await endSession(id);
              await reread();
            }}
          >
            <p>{words.endAllHint}</p>
          </ConfirmAction>
        </div>
      )}
      <ul className={styles['sessions']}>
        {rows.map((session) => (
          <SessionRow key={session.id} session={session} onEnded={reread} />
        ))}
      </ul>
    </>
  );
}
