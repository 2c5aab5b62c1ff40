import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import { partWords } from './words.ts';

const SHOWN_MS = 1500;

export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }): ReactNode {
  const words = useWords(partWords);
  const [isDone, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await writeClipboard(text);
    setDone(true);
    setTimeout(() => setDone(false), SHOWN_MS);
  };
  return (
    <Button
      size="small"
      type="text"
      icon={isDone ? <CheckOutlined /> : <CopyOutlined />}
      aria-label={isDone ? words.copied : (label ?? words.copy)}
      title={isDone ? words.copied : (label ?? words.copy)}
      onClick={() => void copy()}
    />
  );
}

/** The clipboard of the browser is closed to pages that came by plain http from another machine. */
async function writeClipboard(text: string): Promise<void> {
  if (globalThis.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
