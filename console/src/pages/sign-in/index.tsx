import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Input } from 'antd';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { readSetup, signIn } from '../../api/me.ts';
import { ApiError } from '../../api/problem.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { appWords } from '../../app/words.ts';
import { durationText } from '../../parts/duration.ts';
import { useErrorText } from '../../parts/error-text.tsx';
import { Field, Frame } from './frame.tsx';
import styles from './sign-in.module.css';
import { signInWords } from './words.ts';

export function SignIn({ onSignedIn }: { readonly onSignedIn: () => void }): ReactNode {
  const words = useWords(signInWords);
  const { name } = useWords(appWords);
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const faultText = useSignInFault();
  const setup = useQuery({ queryKey: ['setup'], queryFn: readSetup, retry: false });
  useEffect(() => {
    document.title = `${words.title} · ${name}`;
  }, [words.title, name]);

  const submit = async (): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      await signIn({ username: username.trim(), password });
      onSignedIn();
    } catch (error) {
      setFault(faultText(error));
      setBusy(false);
    }
  };
  return (
    <Frame>
      <h1 className="only-read">{words.title}</h1>
      {setup.data?.open === true && (
        <Alert
          type="info"
          title={words.noUser}
          description={
            <>
              {words.lostLink} <code>npx huidan users link</code>
            </>
          }
        />
      )}
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
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
        <Field label={words.password}>
          <Input.Password
            size="large"
            autoComplete="current-password"
            value={password}
            onChange={({ target }) => setPassword(target.value)}
          />
        </Field>
        {fault !== null && (
          <p className={styles['fault']} role="alert">
            {fault}
          </p>
        )}
        <Button
          type="primary"
          size="large"
          htmlType="submit"
          block
          loading={isBusy}
          disabled={username.trim() === '' || password === ''}
        >
          {words.submit}
        </Button>
      </form>
    </Frame>
  );
}

function useSignInFault(): (error: unknown) => string {
  const words = useWords(signInWords);
  const language = useLanguage();
  const errorText = useErrorText();
  return (error) => {
    if (error instanceof ApiError && error.status === 401) return words.wrong;
    if (error instanceof ApiError && error.status === 429) {
      return words.tooMany(durationText((error.retryAfterSeconds ?? 60) * 1000, language));
    }
    return errorText(error);
  };
}
