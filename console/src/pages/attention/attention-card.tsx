import { useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { dismissAttention } from '../../api/attention.ts';
import type { AttentionItem } from '../../api/attention.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { durationText } from '../../parts/duration.ts';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { SettleDialog } from '../../parts/settle-dialog.tsx';
import { Time } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './attention.module.css';
import { Cause } from './cause.tsx';
import { attentionWords } from './words.ts';

/** One trouble: since when, what is known of it, where to look, what can be done from here. */
export function AttentionCard({ item }: { readonly item: AttentionItem }): ReactNode {
  const words = useWords(attentionWords);
  const language = useLanguage();
  const mayWrite = useMay('write');
  const { account, platform, cause, order, action, callback, endpoint, store, since, ageSeconds, state, dismissed } =
    item;
  const links = [
    ...(order === null ? [] : [{ to: `/orders/${order}`, label: words.openOrder }]),
    ...(callback === null ? [] : [{ to: `/callbacks/${callback}`, label: words.openCallback }]),
    ...(endpoint === null ? [] : [{ to: `/endpoints/${endpoint}`, label: words.openEndpoint }]),
    { to: `/accounts/${encodeURIComponent(account)}`, label: words.openAccount },
  ];
  return (
    <li className={styles['item']} data-state={state}>
      <div className={styles['main']}>
        <p className={styles['head']}>
          <PlatformBadge platform={platform} /> <code>{account}</code> {store !== null && <code>{store}</code>}
          <span className="muted">
            <Time at={since} /> · {words.since(durationText(ageSeconds * 1000, language))}
          </span>
        </p>
        <Cause cause={cause} platform={platform} />
        {dismissed !== null && (
          <p className="muted">{words.dismissedBy(dismissed.byName ?? dismissed.by, dismissed.reason)}</p>
        )}
        <p className={styles['links']}>
          {links.map(({ to, label }) => (
            <Link key={to} to={to}>
              {label}
            </Link>
          ))}
        </p>
      </div>
      {mayWrite && state === 'open' && (
        <div className={styles['tools']}>
          {action !== null && item.kind.endsWith('unknown') && <Settle action={action} />}
          <Dismiss id={item.id} />
        </div>
      )}
    </li>
  );
}

function useReread(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['attention'] });
}

function Dismiss({ id }: { readonly id: string }): ReactNode {
  const words = useWords(attentionWords);
  const reread = useReread();
  const [reason, setReason] = useState('');
  return (
    <ConfirmAction
      label={words.dismiss}
      title={words.dismissTitle}
      button={{ size: 'small' }}
      canRun={reason.trim() !== ''}
      run={async () => {
        await dismissAttention(id, reason.trim());
        await reread();
      }}
    >
      <p className="muted">{words.dismissHint}</p>
      <Input
        aria-label={words.reason}
        placeholder={words.reason}
        maxLength={500}
        value={reason}
        onChange={({ target }) => setReason(target.value)}
      />
    </ConfirmAction>
  );
}

function Settle({ action }: { readonly action: string }): ReactNode {
  const { settle } = useWords(partWords);
  const reread = useReread();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button size="small" type="primary" onClick={() => setOpen(true)}>
        {settle.label}
      </Button>
      {isOpen && <SettleDialog actionId={action} onClose={() => setOpen(false)} onSettled={reread} />}
    </>
  );
}
