import { Input } from 'antd';
import type { TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { listAudit } from '../../api/settings.ts';
import type { AuditEntry } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

/** Who did what: revealed personal data with its reason, changes of accounts, keys, users and money. */
export function AuditLog(): ReactNode {
  const words = useWords(settingsWords);
  const [params, setParams] = useSearchParams();
  const action = params.get('action');
  const columns: TableColumnsType<AuditEntry> = [
    { title: words.time, dataIndex: 'at', width: 160, render: (at: string) => <Time at={at} /> },
    {
      title: words.who,
      dataIndex: 'name',
      width: 160,
      render: (name: string | null, { user, key }) => name ?? user ?? key ?? '–',
    },
    { title: words.did, dataIndex: 'action', width: 220, render: (did: string) => <code>{did}</code> },
    { title: words.about, dataIndex: 'subject', width: 240, ellipsis: true, className: styles['id'] ?? '' },
    {
      title: words.detail,
      dataIndex: 'detail',
      render: (detail: AuditEntry['detail']) => <DetailText detail={detail} />,
    },
  ];
  return (
    <>
      <div className={styles['filters']}>
        <Input.Search
          aria-label={words.action}
          placeholder={`${words.action}: personal_data.revealed`}
          defaultValue={action ?? ''}
          allowClear
          onSearch={(text) => setParams(text.trim() === '' ? {} : { action: text.trim() }, { replace: true })}
        />
      </div>
      <CursorTable<AuditEntry>
        label={words.tabs.audit}
        queryKey={['audit', action]}
        read={(cursor, signal) => listAudit(action, cursor, signal)}
        columns={columns}
        rowKey="id"
        minWidth={960}
        empty={<EmptyState title={words.noAudit} />}
      />
    </>
  );
}

function DetailText({ detail }: { readonly detail: AuditEntry['detail'] }): ReactNode {
  const entries = Object.entries(detail);
  if (entries.length === 0) return <span className="muted">–</span>;
  return (
    <span className={styles['detail']}>
      {entries.map(([name, value]) => (
        <span key={name}>
          <span className="muted">{name}</span> {typeof value === 'string' ? value : JSON.stringify(value)}
        </span>
      ))}
    </span>
  );
}
