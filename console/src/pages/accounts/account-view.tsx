import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Select, Switch } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { changeAccount, checkAccount, MODES, readAccount, removeAccount } from '../../api/accounts.ts';
import type { Account, CheckResult, Mode } from '../../api/accounts.ts';
import { readPlatforms } from '../../api/platforms.ts';
import type { Platform } from '../../api/platforms.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import styles from './accounts.module.css';
import { Credentials } from './credentials.tsx';
import { Health, RepairLine } from './health.tsx';
import { SettingsForm } from './settings-form.tsx';
import { Stores } from './stores.tsx';
import { accountsWords } from './words.ts';

export function AccountView(): ReactNode {
  const { id = '' } = useParams();
  const words = useWords(accountsWords);
  const account = useQuery({ queryKey: ['account', id], queryFn: ({ signal }) => readAccount(id, signal) });
  const platforms = useQuery({ queryKey: ['platforms'], queryFn: ({ signal }) => readPlatforms(signal) });
  const error = account.error ?? platforms.error;
  if (error !== null && account.data === undefined)
    return <ErrorState error={error} retry={() => void account.refetch()} />;
  const platform = platforms.data?.data.find((one) => one.id === account.data?.platform);
  if (account.data === undefined || platform === undefined) return <Loading />;
  return (
    <>
      <p className={styles['back']}>
        <Link to="..">← {words.back}</Link>
      </p>
      <Whole account={account.data} platform={platform} />
    </>
  );
}

interface Props {
  readonly account: Account;
  readonly platform: Platform;
}

function Whole({ account, platform }: Props): ReactNode {
  const words = useWords(accountsWords);
  const isAdmin = useMay('admin');
  const mayWrite = useMay('write');
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <>
      <PageHead
        title={account.name}
        hint={
          <span className={styles['meta']}>
            <PlatformBadge platform={platform.id} withName /> <code>{account.id}</code>
          </span>
        }
      >
        {mayWrite && <CheckButton id={account.id} />}
        {isAdmin && (
          <ConfirmAction
            label={words.removeAccount}
            title={words.removeAccount}
            button={{ danger: true }}
            run={async () => {
              await removeAccount(account.id);
              await client.refetchQueries({ queryKey: ['accounts'], type: 'all' });
              await navigate('..');
              // The way back leads to nothing, and not to what is remembered of it.
              client.removeQueries({ queryKey: ['account', account.id] });
            }}
          >
            <p>{words.removeAccountHint}</p>
          </ConfirmAction>
        )}
      </PageHead>
      <section className={styles['card']}>
        <Health account={account.id} isWhole />
        <RepairLine account={account.id} />
        <Switches account={account} platform={platform} />
      </section>
      <Callbacks account={account} platform={platform} />
      {(platform.binding !== null || platform.orderKinds.includes('takeaway')) && (
        <Stores account={account.id} platform={platform} />
      )}
      <Credentials account={account} platform={platform} />
      {isAdmin && <SettingsForm account={account} platform={platform} />}
    </>
  );
}

/** Mode and auto-accept: what staff change from day to day. */
function Switches({ account, platform }: Props): ReactNode {
  const words = useWords(accountsWords);
  const errorText = useErrorText();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayWrite = useMay('write');
  const isAdmin = useMay('admin');
  const { autoAccept } = account.settings;
  const hasAutoAccept = platform.settings.some(({ name }) => name === 'autoAccept');
  const isNarrowed = typeof autoAccept === 'object' && autoAccept !== null;
  const change = async (part: { readonly mode?: Mode; readonly settings?: { readonly autoAccept: boolean } }) => {
    try {
      await changeAccount(account.id, part);
      await client.invalidateQueries({ queryKey: ['account', account.id] });
    } catch (error) {
      void message.error(errorText(error));
    }
  };
  return (
    <div className={styles['switches']}>
      <label className={styles['switch']}>
        <span>{words.mode}</span>
        <Select<Mode>
          value={account.mode}
          disabled={!mayWrite}
          onChange={(mode) => void change({ mode })}
          options={MODES.map((mode) => ({ value: mode, label: words.modes[mode] }))}
        />
        <span className="muted">{words.modeHints[account.mode]}</span>
      </label>
      {hasAutoAccept && (
        <label className={styles['switch']}>
          <span>{words.autoAccept}</span>
          <Switch
            checked={autoAccept !== false && autoAccept !== undefined}
            disabled={!isAdmin}
            onChange={(on) => void change({ settings: { autoAccept: on } })}
          />
          <span className="muted">{isNarrowed ? words.autoAcceptNarrowed : words.autoAcceptHint}</span>
        </label>
      )}
    </div>
  );
}

function CheckButton({ id }: { readonly id: string }): ReactNode {
  const words = useWords(accountsWords);
  const errorText = useErrorText();
  const [result, setResult] = useState<CheckResult | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setFault(null);
    setResult(null);
    try {
      setResult(await checkAccount(id));
    } catch (error) {
      setFault(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <span aria-live="polite" className={styles['checked']}>
        {result !== null && (
          <ToneTag tone={result.ok ? 'ok' : 'danger'}>{result.ok ? words.checkOk : words.checkFailed}</ToneTag>
        )}{' '}
        {result !== null && !result.ok && (
          <span>
            {result.code ?? ''} {result.message}
          </span>
        )}
        {fault !== null && <span>{fault}</span>}
      </span>
      <Button loading={isBusy} onClick={() => void run()}>
        {words.check}
      </Button>
    </>
  );
}

function Callbacks({ account, platform }: Props): ReactNode {
  const words = useWords(accountsWords);
  const ownWords = useOwnWords();
  const labelOf = (topic: string): string => {
    const label = platform.topics.find(({ name }) => name === topic)?.label;
    return label === undefined ? '' : ownWords(label);
  };
  return (
    <section className={styles['card']} aria-labelledby="addresses">
      <h2 id="addresses">{words.callbacks}</h2>
      <p className="muted">{account.callbacks.length === 0 ? words.callbacksToken : words.callbacksHint}</p>
      <ul className={styles['addresses']}>
        {account.callbacks.map(({ topic, url }) => (
          <li key={topic}>
            {topic !== '' && (
              <span className={styles['topic']}>
                {labelOf(topic)} <code>{topic}</code>
              </span>
            )}
            <span className={styles['address']}>
              <code>{url}</code> <CopyButton text={url} label={`${words.callbacks} ${topic}`.trim()} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
