import { useQuery } from '@tanstack/react-query';
import { Form } from 'antd';
import type { ReactNode } from 'react';
import { readAccountNames } from '../../api/account-names.ts';
import type { Limits } from '../../api/me.ts';
import { readMerchants, readShops } from '../../api/stores.ts';
import { useWords } from '../../app/language.ts';
import { MultiSelect } from '../../parts/multi-select.tsx';
import { settingsWords } from './words.ts';

export const NO_LIMITS: Limits = { accounts: null, merchants: null, shops: null };
const KINDS = ['accounts', 'merchants', 'shops'] as const;

/** What limits can name, by kind: the names that people know. */
export function useLimitNames(): Readonly<Record<keyof Limits, ReadonlyMap<string, string>>> {
  const accounts = useQuery({ queryKey: ['account-names'], queryFn: ({ signal }) => readAccountNames(signal) });
  const merchants = useQuery({ queryKey: ['merchant-names'], queryFn: ({ signal }) => readMerchants(signal) });
  const shops = useQuery({ queryKey: ['shop-names'], queryFn: ({ signal }) => readShops(signal) });
  const names = (rows: readonly { readonly id: string; readonly name: string }[] | undefined) =>
    new Map((rows ?? []).map(({ id, name }) => [id, name]));
  return {
    accounts: names(accounts.data?.data),
    merchants: names(merchants.data?.data),
    shops: names(shops.data?.data),
  };
}

/** To what somebody is limited; nothing chosen is no limit of that kind. */
export function LimitFields({
  idPrefix,
  limits,
  onChange,
}: {
  readonly idPrefix: string;
  readonly limits: Limits;
  readonly onChange: (limits: Limits) => void;
}): ReactNode {
  const words = useWords(settingsWords);
  const names = useLimitNames();
  return (
    <>
      {KINDS.map((kind) => (
        <Form.Item key={kind} label={words.limitKinds[kind]} htmlFor={`${idPrefix}-${kind}`}>
          <MultiSelect
            id={`${idPrefix}-${kind}`}
            placeholder={words.noLimits}
            optionFilterProp="label"
            value={[...(limits[kind] ?? [])]}
            onChange={(chosen) => onChange({ ...limits, [kind]: chosen.length === 0 ? null : chosen })}
            options={optionsOf(names[kind], limits[kind])}
          />
        </Form.Item>
      ))}
      <p className="muted">{words.limitsHint}</p>
    </>
  );
}

/** What is chosen stays on offer, even when it is not on the list any more. */
function optionsOf(
  names: ReadonlyMap<string, string>,
  chosen: readonly string[] | null,
): { readonly value: string; readonly label: string }[] {
  const gone = (chosen ?? []).filter((id) => !names.has(id));
  return [...names, ...gone.map((id) => [id, id] as const)].map(([value, name]) => ({
    value,
    label: name === value ? value : `${name} · ${value}`,
  }));
}

/** What a key or a user is limited to, in names. */
export function LimitsText({ limits }: { readonly limits: Limits }): ReactNode {
  const words = useWords(settingsWords);
  const names = useLimitNames();
  const parts = KINDS.flatMap((kind) => {
    const chosen = limits[kind];
    return chosen === null
      ? []
      : [`${words.limitNames[kind]} ${chosen.map((id) => names[kind].get(id) ?? id).join(words.comma)}`];
  });
  return parts.length === 0 ? <span className="muted">{words.noLimits}</span> : parts.join('; ');
}
