import { useQuery } from '@tanstack/react-query';
import { Input, Segmented, Select } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Question } from '../../api/callbacks.ts';
import { readPlatforms } from '../../api/platforms.ts';
import { get } from '../../api/request.ts';
import type { Page } from '../../api/request.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { PageHead } from '../../parts/page-head.tsx';
import styles from './callbacks.module.css';
import { Doctor } from './doctor.tsx';
import { callbacksWords } from './words.ts';

interface Pasted {
  readonly direction: 'in' | 'out';
  readonly platform: string | null;
  readonly account: string | null;
  readonly headers: string;
  readonly query: string;
  readonly body: string;
  readonly secrets: string;
}

const NOTHING: Pasted = {
  direction: 'in',
  platform: null,
  account: null,
  headers: '',
  query: '',
  body: '',
  secrets: '',
};
const AREA = { minRows: 3, maxRows: 14 } as const;

/** The doctor for a request that is in somebody's log, and not at the hub. */
export function PasteBox(): ReactNode {
  const words = useWords(callbacksWords);
  const ownWords = useOwnWords();
  const [pasted, setPasted] = useState(NOTHING);
  const platforms = useQuery({ queryKey: ['platforms'], queryFn: ({ signal }) => readPlatforms(signal) });
  const accounts = useQuery({
    queryKey: ['accounts-to-diagnose'],
    queryFn: ({ signal }) => get<Page<{ id: string; platform: string }>>('/accounts', { limit: 500 }, signal),
  });
  const change = (part: Partial<Pasted>): void => setPasted({ ...pasted, ...part });
  const text = (name: 'headers' | 'query' | 'body' | 'secrets', label: string): ReactNode => (
    <label className={styles['field']}>
      <span>{label}</span>
      <Input.TextArea
        className={styles['mono'] ?? ''}
        autoSize={name === 'query' ? { minRows: 1, maxRows: 4 } : AREA}
        spellCheck={false}
        value={pasted[name]}
        onChange={({ target }) => change({ [name]: target.value })}
      />
    </label>
  );
  const wrongLine = headerLines(pasted.headers).find((line) => !HEADER.test(line));
  const isEmpty = pasted.headers.trim() === '' && pasted.query === '' && pasted.body === '';
  const fault = wrongLine === undefined ? (isEmpty ? words.nothingPasted : null) : words.wrongHeaders(wrongLine);
  return (
    <>
      <p className={styles['back']}>
        <Link to="..">← {words.back}</Link>
      </p>
      <PageHead title={words.paste} hint={words.pasteHint} />
      <section className={styles['card']}>
        <div className={styles['filters']}>
          <Segmented<'in' | 'out'>
            aria-label={words.direction}
            value={pasted.direction}
            onChange={(direction) => change({ direction })}
            options={[
              { value: 'in', label: words.directionIn },
              { value: 'out', label: words.directionOut },
            ]}
          />
          <Select
            aria-label={words.filterPlatform}
            className={styles['select'] ?? ''}
            allowClear
            placeholder={words.platformOrAny}
            value={pasted.platform}
            onChange={(platform: string | undefined) => change({ platform: platform ?? null, account: null })}
            options={(platforms.data?.data ?? []).map(({ id, label }) => ({ value: id, label: ownWords(label) }))}
          />
          <Select
            aria-label={words.filterAccount}
            className={styles['select'] ?? ''}
            allowClear
            placeholder={words.accountOrNone}
            value={pasted.account}
            onChange={(account: string | undefined) => change({ account: account ?? null })}
            options={(accounts.data?.data ?? [])
              .filter(({ platform }) => pasted.platform === null || platform === pasted.platform)
              .map(({ id }) => ({ value: id, label: id }))}
          />
        </div>
        {text('headers', words.pasteHeaders)}
        {text('query', words.pasteQuery)}
        {text('body', words.pasteBody)}
        {text('secrets', words.pasteSecret)}
        {fault !== null && <p className="muted">{fault}</p>}
      </section>
      <Doctor key={JSON.stringify(pasted)} question={questionOf(pasted)} reason={null} isReady={fault === null} />
    </>
  );
}

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*:/u;

const headerLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function questionOf({ direction, platform, account, headers, query, body, secrets }: Pasted): Question {
  const names = headerLines(headers).map((line) => {
    const mark = line.indexOf(':');
    return [line.slice(0, mark).trim().toLowerCase(), line.slice(mark + 1).trim()] as const;
  });
  const toTry = secrets
    .split('\n')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
  return {
    direction,
    ...(platform === null ? {} : { platform }),
    ...(account === null ? {} : { account }),
    headers: Object.fromEntries(names),
    ...(query === '' ? {} : { query: query.replace(/^\?/u, '') }),
    ...(body === '' ? {} : { body }),
    ...(toTry.length === 0
      ? {}
      : { secrets: Object.fromEntries(toTry.map((secret, index) => [`pasted-${index + 1}`, secret])) }),
  };
}
