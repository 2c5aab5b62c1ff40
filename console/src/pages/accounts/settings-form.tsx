import { useQueryClient } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { changeAccount } from '../../api/accounts.ts';
import type { Account } from '../../api/accounts.ts';
import { ApiError } from '../../api/problem.ts';
import type { Platform } from '../../api/platforms.ts';
import { useWords } from '../../app/language.ts';
import { useErrorText } from '../../parts/error-text.tsx';
import { faultsOf, FieldForm, fieldValues } from '../../parts/field-form.tsx';
import type { FieldFaults, FieldTexts } from '../../parts/field-form.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './accounts.module.css';
import { accountsWords } from './words.ts';

/** The settings of an account, in a form that its connector's field data makes. */
export function SettingsForm({
  account,
  platform,
}: {
  readonly account: Account;
  readonly platform: Platform;
}): ReactNode {
  const words = useWords(accountsWords);
  const form = useWords(partWords).form;
  const errorText = useErrorText();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [known, setKnown] = useState(account.settings);
  const [texts, setTexts] = useState<FieldTexts>(() => textsOf(platform, known));
  const [faults, setFaults] = useState<FieldFaults>({});
  const [isBusy, setBusy] = useState(false);
  if (known !== account.settings) {
    // Changed by its switch, or by somebody else: what is being typed stays.
    const [before, after] = [textsOf(platform, known), textsOf(platform, account.settings)];
    setKnown(account.settings);
    setTexts(
      Object.fromEntries(
        platform.settings.map(({ name }) => [name, texts[name] === before[name] ? after[name] : texts[name]]),
      ),
    );
  }
  const save = async (): Promise<void> => {
    const read = fieldValues(platform.settings, texts, form);
    setFaults(read.faults);
    if (Object.keys(read.faults).length > 0) return;
    setBusy(true);
    try {
      await changeAccount(account.id, { settings: changedOf(platform, account.settings, read.values) });
      void message.success(words.saved);
      await client.invalidateQueries({ queryKey: ['account', account.id] });
    } catch (error) {
      if (error instanceof ApiError) setFaults(faultsOf(error.fields, 'settings'));
      void message.error(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className={styles['card']} aria-labelledby="settings">
      <h2 id="settings">{words.settings}</h2>
      <p className="muted">{words.settingsHint}</p>
      <div className={styles['settings']}>
        <FieldForm fields={platform.settings} texts={texts} onChange={setTexts} faults={faults} />
        <Button type="primary" loading={isBusy} onClick={() => void save()}>
          {words.save}
        </Button>
      </div>
    </section>
  );
}

function textsOf({ settings: fields }: Platform, settings: Account['settings']): FieldTexts {
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const value = settings[name];
      if (value === undefined || value === null) return [name, undefined];
      const isAsItIs = kind === 'json' ? false : typeof value === 'boolean' || typeof value === 'string';
      return [name, isAsItIs ? (value as string | boolean) : JSON.stringify(value)];
    }),
  );
}

/** Only what differs is sent; what was emptied goes back to its default by null. */
function changedOf(
  { settings: fields }: Platform,
  before: Account['settings'],
  after: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fields.flatMap(({ name }) => {
      const [old, value] = [before[name] ?? null, after[name] ?? null];
      return JSON.stringify(old) === JSON.stringify(value) ? [] : [[name, value]];
    }),
  );
}
