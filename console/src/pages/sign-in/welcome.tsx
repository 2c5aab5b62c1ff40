import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Input } from 'antd';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { checkLink, setUp } from '../../api/me.ts';
import { useWords } from '../../app/language.ts';
import { appWords } from '../../app/words.ts';
import { ErrorText } from '../../parts/error-text.tsx';
import { Field, Frame } from './frame.tsx';
import styles from './sign-in.module.css';
import { signInWords } from './words.ts';

const SHORTEST_PASSWORD = 10;

/** Where the one-time link leads. The token is behind the `#`, which no server and no log ever sees. */
export function Welcome(): ReactNode {
  const words = useWords(signInWords);
  const { name: product } = useWords(appWords);
  const [token] = useState(() => location.hash.slice(1));
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: () => checkLink(token),
    retry: false,
    enabled: token !== '',
  });
  const known = link.data?.username ?? null;
  const [name, setName] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [repeat, setRepeat] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${words.welcome} · ${product}`;
  }, [words.welcome, product]);

  const isShort = password !== '' && password.length < SHORTEST_PASSWORD;
  const isDifferent = repeat !== '' && repeat !== password;
  const canSubmit =
    (known !== null || username.trim() !== '') && password.length >= SHORTEST_PASSWORD && repeat === password;
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await setUp({
        token,
        password,
        ...(known === null ? { username: username.trim() } : {}),
        ...(name.trim() === '' ? {} : { name: name.trim() }),
      });
      // Loaded anew: the address must lose its token, and the console begins with a session.
      location.replace('/console/');
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      setBusy(false);
    }
  };
  return (
    <Frame>
      <h1 className={styles['title']}>{known === null ? words.welcome : words.reset(known)}</h1>
      {token === '' || link.error !== null ? (
        <Alert type="warning" title={words.badLink} action={<a href="/console/">{words.toSignIn}</a>} />
      ) : (
        <form
          className={styles['form']}
          onSubmit={(event) => {
            event.preventDefault();
            if (canSubmit) void submit();
          }}
        >
          {known === null ? (
            <>
              <p className="muted">{words.welcomeHint}</p>
              <Field label={words.username}>
                <Input
                  size="large"
                  autoComplete="username"
                  autoCapitalize="none"
                  autoFocus
                  value={username}
                  onChange={({ target }) => setUsername(target.value)}
                />
              </Field>
              <Field label={words.name}>
                <Input size="large" autoComplete="name" value={name} onChange={({ target }) => setName(target.value)} />
              </Field>
            </>
          ) : (
            <input type="text" autoComplete="username" value={known} readOnly hidden />
          )}
          <Field label={words.newPassword}>
            <Input.Password
              size="large"
              autoComplete="new-password"
              status={isShort ? 'warning' : ''}
              value={password}
              onChange={({ target }) => setPassword(target.value)}
            />
          </Field>
          <Field label={words.repeat}>
            <Input.Password
              size="large"
              autoComplete="new-password"
              status={isDifferent ? 'error' : ''}
              value={repeat}
              onChange={({ target }) => setRepeat(target.value)}
            />
          </Field>
          {isDifferent && (
            <p className={styles['fault']} role="alert">
              {words.different}
            </p>
          )}
          {error !== null && (
            <div role="alert">
              <ErrorText error={error} />
            </div>
          )}
          <Button type="primary" size="large" htmlType="submit" block loading={isBusy} disabled={!canSubmit}>
            {known === null ? words.create : words.save}
          </Button>
        </form>
      )}
    </Frame>
  );
}
