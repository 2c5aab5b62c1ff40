import { useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { changeAccount, removeSecret } from '../../api/accounts.ts';
import type { Account } from '../../api/accounts.ts';
import { ApiError } from '../../api/problem.ts';
import type { Platform } from '../../api/platforms.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { faultsOf, FieldForm, fieldValues } from '../../parts/field-form.tsx';
import type { FieldFaults, FieldTexts } from '../../parts/field-form.tsx';
import { Time } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './accounts.module.css';
import { accountsWords } from './words.ts';

/** Which secrets are valid, by fingerprint; they are replaced here and never shown. */
export function Credentials({
  account,
  platform,
}: {
  readonly account: Account;
  readonly platform: Platform;
}): ReactNode {
  const words = useWords(accountsWords);
  const ownWords = useOwnWords();
  const isAdmin = useMay('admin');
  const client = useQueryClient();
  const { message } = App.useApp();
  const [texts, setTexts] = useState<FieldTexts>({});
  const [faults, setFaults] = useState<FieldFaults>({});
  const form = useWords(partWords).form;
  // What is left empty stays as it is, so nothing is required here.
  const fields = platform.credentials.map((field) => ({ ...field, required: false }));
  const { values } = fieldValues(fields, texts, form);
  const rotate = async (): Promise<void> => {
    try {
      await changeAccount(account.id, { credentials: values });
    } catch (error) {
      if (error instanceof ApiError) setFaults(faultsOf(error.fields, 'credentials'));
      throw error;
    }
    setTexts({});
    setFaults({});
    void message.success(words.saved);
    await client.invalidateQueries({ queryKey: ['account', account.id] });
  };
  const labelOf = (name: string): string => {
    const label = platform.credentials.find((field) => field.name === name)?.label;
    return label === undefined ? name : ownWords(label);
  };
  return (
    <section className={styles['card']} aria-labelledby="secrets">
      <div className={styles['cardHead']}>
        <div>
          <h2 id="secrets">{words.secrets}</h2>
          <p className="muted">{words.secretsHint}</p>
        </div>
        {isAdmin && (
          <ConfirmAction
            label={words.rotate}
            title={words.rotate}
            confirmLabel={words.save}
            run={rotate}
            canRun={Object.keys(values).length > 0}
          >
            <p className={styles['hint']}>{words.rotateHint}</p>
            <FieldForm fields={fields} texts={texts} onChange={setTexts} faults={faults} isSecret />
          </ConfirmAction>
        )}
      </div>
      {account.secrets.length > 0 && (
        <div className={styles['scroll']} role="region" aria-label={words.secrets} tabIndex={0}>
          <table className={styles['secrets']}>
            <thead>
              <tr>
                <th scope="col">{words.field}</th>
                <th scope="col">{words.fingerprint}</th>
                <th scope="col">{words.since}</th>
                <th scope="col">{words.validUntil}</th>
                {isAdmin && (
                  <th scope="col">
                    <span className="only-read">{words.removeSecret}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {account.secrets.map((secret) => (
                <tr key={`${secret.field} ${secret.fingerprint}`}>
                  <td>{labelOf(secret.field)}</td>
                  <td>
                    <code>{secret.fingerprint}</code>
                  </td>
                  <td>
                    <Time at={secret.createdAt} />
                  </td>
                  <td>{secret.validUntil === null ? words.forever : <Time at={secret.validUntil} />}</td>
                  {isAdmin && (
                    <td aria-label={words.removeSecret}>
                      <ConfirmAction
                        label={words.removeSecret}
                        title={`${words.removeSecret} ${labelOf(secret.field)} ${secret.fingerprint}`}
                        button={{ size: 'small', danger: true }}
                        run={async () => {
                          await removeSecret(account.id, secret);
                          await client.invalidateQueries({ queryKey: ['account', account.id] });
                        }}
                      >
                        <p>{words.removeSecretHint}</p>
                      </ConfirmAction>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
