import { FilterOutlined, SearchOutlined } from '@ant-design/icons';
import { Button, Checkbox, Input, Popover, Select } from 'antd';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { readAccountNames } from '../../api/account-names.ts';
import { ORDER_KINDS, ORDER_STATUSES } from '../../api/orders.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { usePlatforms } from '../../parts/platform-badge.tsx';
import { partWords } from '../../parts/words.ts';
import { RARE_FILTERS } from './order-filter.ts';
import type { AddressFilter, FilterName } from './order-filter.ts';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

/** Typing a number in takes a second; no list should be read for each digit. */
const TYPING_MS = 350;

export function FilterBar({ filter }: { readonly filter: AddressFilter }): ReactNode {
  const words = useWords(ordersWords);
  const parts = useWords(partWords);
  const language = useLanguage();
  const platforms = usePlatforms();
  const { texts, change, clear } = filter;
  return (
    <div className={styles['filters']}>
      <SearchBox key={texts.q ?? ''} text={texts.q ?? ''} onSearch={(q) => change({ q })} />
      <Pick
        name={words.status}
        value={texts.status}
        options={ORDER_STATUSES.map((value) => ({ value, label: parts.statuses[value] }))}
        onChange={(status) => change({ status })}
      />
      <Pick
        name={words.platform}
        value={texts.platform}
        options={platforms.map(({ id, label }) => ({ value: id, label: label[language] }))}
        onChange={(platform) => change({ platform })}
      />
      <Pick
        name={words.kind}
        value={texts.kind}
        options={ORDER_KINDS.map((value) => ({ value, label: parts.kinds[value] }))}
        onChange={(kind) => change({ kind })}
      />
      <RareFilters filter={filter} />
      {Object.keys(texts).length > 0 && (
        <Button type="link" onClick={clear}>
          {words.clear}
        </Button>
      )}
    </div>
  );
}

function SearchBox({
  text,
  onSearch,
}: {
  readonly text: string;
  readonly onSearch: (text: string) => void;
}): ReactNode {
  const words = useWords(ordersWords);
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    if (typed.trim() === text) return undefined;
    const timer = setTimeout(() => onSearch(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, text, onSearch]);
  return (
    <Input
      className={styles['search'] ?? ''}
      prefix={<SearchOutlined aria-hidden />}
      allowClear
      autoFocus={text !== ''}
      placeholder={words.search}
      aria-label={words.search}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
      onPressEnter={() => onSearch(typed.trim())}
    />
  );
}

function Pick({
  name,
  value,
  options,
  onChange,
}: {
  readonly name: string;
  readonly value: string | undefined;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string | null) => void;
}): ReactNode {
  return (
    <Select
      className={styles['pick'] ?? ''}
      aria-label={name}
      placeholder={name}
      allowClear
      value={value ?? null}
      options={[...options]}
      popupMatchSelectWidth={false}
      onChange={(chosen: string | undefined) => onChange(chosen ?? null)}
    />
  );
}

function RareFilters({ filter: { texts, change } }: { readonly filter: AddressFilter }): ReactNode {
  const words = useWords(ordersWords);
  const { flags } = useWords(partWords);
  const accounts = useQuery({ queryKey: ['account-names'], queryFn: ({ signal }) => readAccountNames(signal) });
  const count = RARE_FILTERS.filter((name) => texts[name] !== undefined).length;
  const text = (name: 'merchant' | 'shop' | 'store' | 'sid' | 'member'): ReactNode => (
    <TextFilter
      key={name}
      label={words[name]}
      value={texts[name] ?? ''}
      onChange={(value) => change({ [name]: value })}
    />
  );
  const day = (name: Extract<FilterName, 'placedFrom' | 'placedTo'>): ReactNode => (
    <label className={styles['field']}>
      <span>{words[name]}</span>
      <Input type="date" value={texts[name] ?? ''} onChange={({ target }) => change({ [name]: target.value })} />
    </label>
  );
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <div className={styles['rare']}>
          {day('placedFrom')}
          {day('placedTo')}
          <label className={styles['field']}>
            <span>{words.account}</span>
            <Select
              allowClear
              aria-label={words.account}
              value={texts.account ?? null}
              options={(accounts.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              onChange={(chosen: string | undefined) => change({ account: chosen ?? null })}
            />
          </label>
          <label className={styles['field']}>
            <span>{words.flag}</span>
            <Select
              allowClear
              aria-label={words.flag}
              value={texts.flag ?? null}
              options={Object.entries(flags).map(([value, label]) => ({ value, label }))}
              onChange={(chosen: string | undefined) => change({ flag: chosen ?? null })}
            />
          </label>
          {(['store', 'shop', 'merchant', 'sid', 'member'] as const).map(text)}
          <Checkbox
            checked={texts.legs !== undefined}
            onChange={({ target }) => change({ legs: target.checked ? 'true' : null })}
          >
            {words.legs}
          </Checkbox>
        </div>
      }
    >
      <Button icon={<FilterOutlined />}>{count === 0 ? words.more : words.moreOn(String(count))}</Button>
    </Popover>
  );
}

function TextFilter({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  const [typed, setTyped] = useState(value);
  return (
    <label className={styles['field']}>
      <span>{label}</span>
      <Input
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={() => onChange(typed.trim())}
        onPressEnter={() => onChange(typed.trim())}
      />
    </label>
  );
}
