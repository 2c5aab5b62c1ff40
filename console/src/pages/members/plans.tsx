import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input, InputNumber, Select } from 'antd';
import type { TableColumnsType } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { readAccountNames } from '../../api/account-names.ts';
import { listPlans, previewPlan, writePlan } from '../../api/members.ts';
import type { Plan, Preview, Shares } from '../../api/members.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorText } from '../../parts/error-text.tsx';
import { fenOf, Money } from '../../parts/money.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './members.module.css';
import { membersWords } from './words.ts';

const ROLES = ['self', 'inviter1', 'inviter2'] as const;
const percent = (basisPoints: number): string => `${(basisPoints / 100).toString()} %`;

/** The plans with a preview beside them: nobody should have to guess what a share comes to. */
export function Plans(): ReactNode {
  const words = useWords(membersWords);
  const isAdmin = useMay('admin');
  const columns: TableColumnsType<Plan> = [
    { title: words.planName, dataIndex: 'name', render: (name: string) => <strong>{name}</strong> },
    { title: words.version, dataIndex: 'version', width: 80 },
    {
      title: words.scope,
      key: 'scope',
      render: (_: unknown, { account, businessLine, actId }) =>
        [account ?? words.anyAccount, businessLine, actId].filter((part) => part !== null).join(' · '),
    },
    ...ROLES.map((role) => ({
      title: words[role],
      key: role,
      width: 110,
      align: 'end' as const,
      render: (_: unknown, { shares }: Plan) => percent(shares[role]),
    })),
    {
      title: words.from,
      dataIndex: 'from',
      width: 150,
      render: (at: string | null) =>
        at === null ? <span className="muted">{words.beginning}</span> : <Time at={at} />,
    },
  ];
  return (
    <>
      {isAdmin && (
        <div className={styles['tools']}>
          <WritePlan />
        </div>
      )}
      <CursorTable<Plan>
        label={words.tabs.plans}
        queryKey={['plans']}
        read={listPlans}
        columns={columns}
        rowKey="id"
        empty={<EmptyState title={words.noPlans} hint={words.noPlansHint} />}
      />
      <PreviewBox />
    </>
  );
}

const NEW: { readonly name: string; readonly account: string | null; readonly shares: Shares } = {
  name: 'standard',
  account: null,
  shares: { self: 6000, inviter1: 1000, inviter2: 500 },
};

function WritePlan(): ReactNode {
  const words = useWords(membersWords);
  const client = useQueryClient();
  const [wish, setWish] = useState(NEW);
  const total = ROLES.reduce((sum, role) => sum + wish.shares[role], 0);
  const run = async (): Promise<void> => {
    const { name, account, shares } = wish;
    await writePlan({ name: name.trim(), shares, ...(account === null ? {} : { account }) });
    await client.invalidateQueries({ queryKey: ['plans'] });
  };
  return (
    <ConfirmAction
      label={words.addPlan}
      title={words.planTitle}
      run={run}
      canRun={wish.name.trim() !== '' && total <= 10_000}
      button={{ type: 'primary' }}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={words.planName} htmlFor="plan-name" extra={words.planNameHint}>
          <Input id="plan-name" value={wish.name} onChange={({ target }) => setWish({ ...wish, name: target.value })} />
        </Form.Item>
        <Form.Item label={words.account} htmlFor="plan-account">
          <AccountSelect
            id="plan-account"
            value={wish.account}
            placeholder={words.anyAccount}
            onChange={(account) => setWish({ ...wish, account })}
          />
        </Form.Item>
        <div className={styles['shares']}>
          {ROLES.map((role) => (
            <Form.Item key={role} label={words[role]} htmlFor={`plan-${role}`}>
              <InputNumber
                id={`plan-${role}`}
                min={0}
                max={100}
                precision={2}
                suffix={words.percent}
                value={wish.shares[role] / 100}
                onChange={(value) =>
                  setWish({ ...wish, shares: { ...wish.shares, [role]: Math.round((value ?? 0) * 100) } })
                }
              />
            </Form.Item>
          ))}
        </div>
        <p className="muted">
          {words.sharesHint} {words.house}: {percent(Math.max(0, 10_000 - total))}
        </p>
      </Form>
    </ConfirmAction>
  );
}

function PreviewBox(): ReactNode {
  const words = useWords(membersWords);
  const [member, setMember] = useState('');
  const [account, setAccount] = useState<string | null>(null);
  const [amount, setAmount] = useState('10.00');
  const [preview, setPreview] = useState<Preview | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const commission = fenOf(amount);
  const run = async (): Promise<void> => {
    if (account === null || commission === undefined) return;
    setError(null);
    try {
      setPreview(await previewPlan({ member: member.trim(), account, commission }));
    } catch (thrown) {
      setPreview(null);
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
  return (
    <section className={styles['card']} aria-labelledby="preview">
      <h2 id="preview">{words.preview}</h2>
      <p className="muted">{words.previewHint}</p>
      <form
        className={styles['preview']}
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Input
          aria-label={words.member}
          placeholder={words.memberId}
          value={member}
          onChange={({ target }) => setMember(target.value)}
        />
        <AccountSelect id="preview-account" value={account} placeholder={words.account} onChange={setAccount} />
        <Input
          aria-label={words.commission}
          prefix="¥"
          inputMode="decimal"
          value={amount}
          onChange={({ target }) => setAmount(target.value)}
        />
        <Button htmlType="submit" disabled={member.trim() === '' || account === null || commission === undefined}>
          {words.calculate}
        </Button>
      </form>
      <div aria-live="polite">
        {error !== null && <ErrorText error={error} />}
        {preview !== null && <PreviewResult preview={preview} />}
      </div>
    </section>
  );
}

function PreviewResult({ preview }: { readonly preview: Preview }): ReactNode {
  const words = useWords(membersWords);
  if (preview.plan === null) return <p className={styles['result']}>{words.noPlanFits}</p>;
  return (
    <table className={styles['result']}>
      <thead>
        <tr>
          <th scope="col">{words.role}</th>
          <th scope="col">{words.member}</th>
          <th scope="col">{words.percent}</th>
          <th scope="col">{words.amount}</th>
        </tr>
      </thead>
      <tbody>
        {preview.shares.map(({ role, member, basisPoints, amount }) => (
          <tr key={role}>
            <td>{words[role]}</td>
            <td>{member}</td>
            <td>{percent(basisPoints)}</td>
            <td>
              <Money fen={amount} isStrong />
            </td>
          </tr>
        ))}
        <tr>
          <td>{words.house}</td>
          <td>–</td>
          <td>–</td>
          <td>
            <Money fen={preview.house} />
          </td>
        </tr>
      </tbody>
    </table>
  );
}

/** The accounts whose orders earn commission. */
function AccountSelect({
  id,
  value,
  placeholder,
  onChange,
}: {
  readonly id: string;
  readonly value: string | null;
  readonly placeholder: string;
  readonly onChange: (account: string | null) => void;
}): ReactNode {
  const accounts = useQuery({ queryKey: ['account-names'], queryFn: ({ signal }) => readAccountNames(signal) });
  return (
    <Select<string>
      id={id}
      aria-label={placeholder}
      allowClear
      value={value}
      placeholder={placeholder}
      onChange={(account: string | undefined) => onChange(account ?? null)}
      options={(accounts.data?.data ?? []).map((account) => ({ value: account.id, label: account.name }))}
    />
  );
}
