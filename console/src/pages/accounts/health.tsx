import { useQuery } from '@tanstack/react-query';
import { App, Button } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { readRepair, runRepair } from '../../api/accounts.ts';
import { listCallbacks } from '../../api/callbacks.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { durationText } from '../../parts/duration.ts';
import { useErrorText } from '../../parts/error-text.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import styles from './accounts.module.css';
import { accountsWords } from './words.ts';

const REFETCH_MS = 10_000;
/** Of so many callbacks that came last, how many were rejected: enough to see a wrong secret at once. */
const LATELY = { verdict: null, platform: null, order: null };

/** How an account is doing: its last callback, how much of what comes is rejected, when it was last asked. */
export function Health({
  account,
  isWhole = false,
}: {
  readonly account: string;
  readonly isWhole?: boolean;
}): ReactNode {
  const words = useWords(accountsWords);
  const callbacks = useQuery({
    queryKey: ['account-callbacks', account],
    queryFn: ({ signal }) => listCallbacks({ ...LATELY, account }, null, signal),
    refetchInterval: REFETCH_MS,
  });
  const repair = useQuery({
    queryKey: ['account-repair', account],
    queryFn: ({ signal }) => readRepair(account, signal),
    refetchInterval: REFETCH_MS,
  });
  const came = callbacks.data?.data ?? [];
  const rejected = came.filter(({ verdict }) => verdict === 'rejected').length;
  const asked = repair.data?.data[0];
  const lastAsked =
    asked?.polls
      .map(({ finishedAt }) => finishedAt)
      .filter((at) => at !== null)
      .sort()
      .at(-1) ?? null;
  return (
    <dl className={styles['health']}>
      <div>
        <dt>{words.lastCallback}</dt>
        <dd>
          {callbacks.data !== undefined && (came[0] === undefined ? words.never : <TimeAgo at={came[0].receivedAt} />)}
        </dd>
      </div>
      <div data-tone={rejected > 0 ? 'danger' : 'plain'}>
        <dt>{words.rejectedShare}</dt>
        <dd>
          {rejected > 0 && isWhole ? (
            <Link to={`/callbacks?account=${encodeURIComponent(account)}&verdict=rejected`}>
              {words.share(String(rejected), String(came.length))}
            </Link>
          ) : (
            words.share(String(rejected), String(came.length))
          )}
        </dd>
      </div>
      {repair.data !== undefined && (
        <div>
          <dt>{words.lastRepair}</dt>
          <dd>
            {asked === undefined || asked.polls.length === 0 ? (
              <span className="muted">{words.noRepair}</span>
            ) : (
              <TimeAgo at={lastAsked} />
            )}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** What was never told and had to be asked for. */
export function RepairLine({ account }: { readonly account: string }): ReactNode {
  const words = useWords(accountsWords);
  const language = useLanguage();
  const mayWrite = useMay('write');
  const errorText = useErrorText();
  const { message } = App.useApp();
  const repair = useQuery({
    queryKey: ['account-repair', account],
    queryFn: ({ signal }) => readRepair(account, signal),
  });
  const asked = repair.data?.data[0];
  if (asked === undefined || asked.polls.length === 0) return null;
  const { count, medianSeconds } = asked.repaired;
  const run = async (): Promise<void> => {
    try {
      await runRepair(account);
      void message.info(words.repairStarted);
    } catch (error) {
      void message.error(errorText(error));
    }
  };
  return (
    <p className={styles['repair']}>
      <span>
        {medianSeconds === null
          ? words.repaired(String(count))
          : words.repairMedian(String(count), durationText(medianSeconds * 1000, language))}
      </span>
      {mayWrite && (
        <Button size="small" onClick={() => void run()}>
          {words.repairNow}
        </Button>
      )}
    </p>
  );
}
