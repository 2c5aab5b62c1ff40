import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input, Select } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import { createAccount, MODES } from '../../api/accounts.ts';
import type { Mode } from '../../api/accounts.ts';
import { readPlatforms } from '../../api/platforms.ts';
import type { Platform } from '../../api/platforms.ts';
import { ApiError } from '../../api/problem.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { ErrorText } from '../../parts/error-text.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { faultsOf, FieldForm, fieldValues } from '../../parts/field-form.tsx';
import type { FieldFaults, FieldTexts } from '../../parts/field-form.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './accounts.module.css';
import { accountsWords } from './words.ts';

/** A new account: its platform's fields make the form. */
export function AddAccount(): ReactNode {
  const words = useWords(accountsWords);
  const ownWords = useOwnWords();
  const platforms = useQuery({ queryKey: ['platforms'], queryFn: ({ signal }) => readPlatforms(signal) });
  const [chosen, setChosen] = useState<string | null>(null);
  if (platforms.error !== null && platforms.data === undefined)
    return <ErrorState error={platforms.error} retry={() => void platforms.refetch()} />;
  if (platforms.data === undefined) return <Loading />;
  const platform = platforms.data.data.find(({ id }) => id === chosen);
  return (
    <>
      <p className={styles['back']}>
        <Link to="..">← {words.back}</Link>
      </p>
      <PageHead title={words.addTitle} />
      <section className={styles['card']}>
        <div className={styles['form']}>
          <Form layout="vertical" component="div">
            <Form.Item label={words.platform} htmlFor="account-platform">
              <Select<string>
                id="account-platform"
                value={chosen}
                onChange={setChosen}
                options={platforms.data.data.map(({ id, label }) => ({ value: id, label: ownWords(label) }))}
              />
            </Form.Item>
          </Form>
          {platform !== undefined && <NewAccountForm key={platform.id} platform={platform} />}
        </div>
      </section>
    </>
  );
}

function NewAccountForm({ platform }: { readonly platform: Platform }): ReactNode {
  const words = useWords(accountsWords);
  const ownWords = useOwnWords();
  const form = useWords(partWords).form;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [id, setId] = useState(platform.id);
  const [name, setName] = useState(ownWords(platform.label));
  const [mode, setMode] = useState<Mode>('live');
  const [texts, setTexts] = useState<FieldTexts>({});
  const [faults, setFaults] = useState<FieldFaults>({});
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    const read = fieldValues(platform.credentials, texts, form);
    setFaults(read.faults);
    setError(null);
    if (Object.keys(read.faults).length > 0) return;
    setBusy(true);
    try {
      const wish = {
        id: id.trim(),
        platform: platform.id,
        name: name.trim(),
        mode,
        credentials: read.values,
        settings: {},
      };
      const account = await createAccount(wish);
      await client.invalidateQueries({ queryKey: ['accounts'] });
      void navigate(`../${account.id}`);
    } catch (thrown) {
      if (thrown instanceof ApiError) setFaults(faultsOf(thrown.fields, 'credentials'));
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={words.id} htmlFor="account-id" extra={words.idHint}>
          <Input id="account-id" value={id} autoComplete="off" onChange={({ target }) => setId(target.value)} />
        </Form.Item>
        <Form.Item label={words.name} htmlFor="account-name">
          <Input id="account-name" value={name} autoComplete="off" onChange={({ target }) => setName(target.value)} />
        </Form.Item>
        <Form.Item label={words.mode} htmlFor="account-mode" extra={words.modeHints[mode]}>
          <Select<Mode>
            id="account-mode"
            value={mode}
            onChange={setMode}
            options={MODES.map((value) => ({ value, label: words.modes[value] }))}
          />
        </Form.Item>
      </Form>
      <div>
        <h2>{words.credentials}</h2>
        <p className="muted">{words.credentialsHint}</p>
      </div>
      <FieldForm fields={platform.credentials} texts={texts} onChange={setTexts} faults={faults} isSecret />
      {error !== null && <ErrorText error={error} />}
      <Button type="primary" htmlType="submit" loading={isBusy} disabled={id.trim() === '' || name.trim() === ''}>
        {words.add}
      </Button>
    </form>
  );
}
