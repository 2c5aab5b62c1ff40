import { Segmented } from 'antd';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import styles from './bytes-view.module.css';
import { CopyButton } from './copy-button.tsx';
import { partWords } from './words.ts';

const HEX_LIMIT_BYTES = 8192;

/** The bytes of a request or an answer: as they came, laid out where they are JSON, or one by one. */
export function BytesView({
  text,
  base64,
  isCut = false,
  label,
}: {
  /** null where the bytes are no UTF-8. */
  readonly text: string | null;
  /** The very bytes; left out where the text is all there is. */
  readonly base64?: string;
  readonly isCut?: boolean;
  readonly label: string;
}): ReactNode {
  const words = useWords(partWords);
  const laidOut = useMemo(() => (text === null ? null : jsonText(text)), [text]);
  const [chosen, setChosen] = useState<'text' | 'json' | 'hex' | null>(null);
  const view = chosen ?? (laidOut !== null ? 'json' : text === null ? 'hex' : 'text');
  if ((text ?? '') === '' && (base64 ?? '') === '') return <p className="muted">{words.bytes.none}</p>;
  const options = [
    ...(laidOut === null ? [] : [{ value: 'json' as const, label: words.bytes.json }]),
    ...(text === null ? [] : [{ value: 'text' as const, label: words.bytes.text }]),
    ...(base64 === undefined ? [] : [{ value: 'hex' as const, label: words.bytes.hex }]),
  ];
  const shown = view === 'json' ? (laidOut ?? '') : view === 'text' ? (text ?? '') : hexText(base64 ?? '');
  return (
    <div className={styles['view']}>
      <div className={styles['head']}>
        {options.length > 1 && (
          <Segmented size="small" options={options} value={view} onChange={setChosen} aria-label={label} />
        )}
        <CopyButton text={view === 'hex' ? shown : (text ?? shown)} />
      </div>
      <pre tabIndex={0} aria-label={label} className={styles['bytes']} data-wraps={view !== 'hex'}>
        {shown}
      </pre>
      {isCut && <p className="muted">{words.bytes.cut}</p>}
    </div>
  );
}

/** A value of the API as laid out JSON. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }): ReactNode {
  return <BytesView text={JSON.stringify(value ?? null)} label={label} />;
}

/** Laid out as it is written: numbers keep their digits, which `JSON.parse` would round. */
function jsonText(text: string): string | null {
  if (!/^\s*[[{]/u.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  let out = '';
  const tokens = text.match(/"(?:\\.|[^"\\])*"|[[\]{},:]|[^\s[\]{},:"]+/gu) ?? [];
  for (const [at, token] of tokens.entries()) {
    if (token === '{' || token === '[') {
      const closes = tokens[at + 1] === '}' || tokens[at + 1] === ']';
      depth += closes ? 0 : 1;
      out += closes ? token : `${token}\n${'  '.repeat(depth)}`;
    } else if (token === '}' || token === ']') {
      const wasEmpty = tokens[at - 1] === '{' || tokens[at - 1] === '[';
      if (wasEmpty) out += token;
      else {
        depth -= 1;
        out += `\n${'  '.repeat(depth)}${token}`;
      }
    } else if (token === ',') out += `,\n${'  '.repeat(depth)}`;
    else out += token === ':' ? ': ' : token;
  }
  return out;
}

function hexText(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (char) => char.codePointAt(0) ?? 0).subarray(0, HEX_LIMIT_BYTES);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const chars = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCodePoint(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${chars}`);
  }
  return lines.join('\n');
}
