import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { changeOwnName, changePassword, listSessions } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { useMe } from '../../app/session.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { ErrorText } from '../../parts/error-text.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { LimitsText } from './limit-fields.tsx';
import { SessionRow } from './session-row.tsx';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

/** Where the person is signed in, and the password. */
export function MySignIns(): ReactNode {
  const words = useWords(settingsWords);
  const me = useMe();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => listSessions(null, signal) });
  if (me.user === null) return <p className="muted">{words.notUser}</p>;
  return (
    <div className={styles['columns']}>
      <section className={styles['card']} aria-labelledby="me">
        <h2 id="me">{words.mine}</h2>
        <p>
          <strong>{me.user.username}</strong> <ToneTag tone="neutral">{words.roles[me.user.role]}</ToneTag>
        </p>
        <p className="muted">{words.roleHints[me.user.role]}</p>
        <p className="muted">
          {words.limits}: <LimitsText limits={me.limits} />
        </p>
        <NameForm />
      </section>
      <section className={styles['card']} aria-labelledby="sessions">
        <h2 id="sessions">{words.sessions}</h2>
        {sessions.error !== null && <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />}
        {sessions.isPending && <Loading />}
        <ul className={styles['sessions']}>
          {(sessions.data?.data ?? []).map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              onEnded={() => client.invalidateQueries({ queryKey: ['sessions'] })}
            />
          ))}
        </ul>
      </section>
      <section className={styles['card']} aria-labelledby="password">
        <h2 id="password">{words.password}</h2>
        <p className="muted">{words.passwordHint}</p>
        <PasswordForm />
      </section>
    </div>
  );
}

function NameForm(): ReactNode {
  const words = useWords(settingsWords);
  const me = useMe();
  const client = useQueryClient();
  const { message } = App.useApp();
  const known = me.user?.name ?? '';
  const [name, setName] = useState(known);
  const [error, setError] = useState<Error | null>(null);
  const save = async (): Promise<void> => {
    setError(null);
    try {
      await changeOwnName(name.trim() === '' ? null : name.trim());
      await client.invalidateQueries({ queryKey: ['me'] });
      void message.success(words.saved);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
  return (
    <form
      className={styles['password']}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        <span>{words.name}</span>
        <Input value={name} maxLength={200} autoComplete="name" onChange={({ target }) => setName(target.value)} />
      </label>
      {error !== null && <ErrorText error={error} />}
      <Button htmlType="submit" disabled={name.trim() === known}>
        {words.saveName}
      </Button>
    </form>
  );
}

const NOTHING = { current: '', next: '', again: '' };

function PasswordForm(): ReactNode {
  const words = useWords(settingsWords);
  const client = useQueryClient();
  const { message } = App.useApp();
  const [typed, setTyped] = useState(NOTHING);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const differs = typed.again !== '' && typed.again !== typed.next;
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await changePassword({ current: typed.current, next: typed.next });
      setTyped(NOTHING);
      void message.success(words.saved);
      await client.invalidateQueries({ queryKey: ['sessions'] });
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  const field = (name: keyof typeof NOTHING, label: string, kind: string): ReactNode => (
    <label>
      <span>{label}</span>
      <Input.Password
        autoComplete={kind}
        value={typed[name]}
        onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
      />
    </label>
  );
  return (
    <form
      className={styles['password']}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {field('current', words.current, 'current-password')}
      {field('next', words.next, 'new-password')}
      {field('again', words.again, 'new-password')}
      {differs && (
        <p className={styles['fault']} role="alert">
          {words.differs}
        </p>
      )}
      {error !== null && <ErrorText error={error} />}
      <Button
        type="primary"
        htmlType="submit"
        loading={isBusy}
        disabled={typed.current === '' || typed.next === '' || typed.again !== typed.next}
      >
        {words.save}
      </Button>
    </form>
  );
}
