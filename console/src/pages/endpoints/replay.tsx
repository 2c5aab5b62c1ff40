import { App, Button, Form, Input, Radio } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { previewReplay, startReplay } from '../../api/endpoints.ts';
import type { ReplayWish } from '../../api/endpoints.ts';
import { useWords } from '../../app/language.ts';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { clockText, dayText } from '../../parts/time.tsx';
import styles from './endpoints.module.css';
import { endpointsWords } from './words.ts';

const HOUR_MS = 3_600_000;

/** The text of an input for a moment, which is everywhere in the console that of Asia/Shanghai. */
const momentText = (ms: number): string => `${dayText(ms)}T${clockText(ms)}`;
const momentOf = (text: string): string | null => {
  const ms = Date.parse(`${text.length === 16 ? `${text}:00` : text}+08:00`);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
};

/** Sends the events of a time again, after it was said how many they are. */
export function Replay({ endpoint }: { readonly endpoint: string }): ReactNode {
  const words = useWords(endpointsWords);
  const errorText = useErrorText();
  const { message } = App.useApp();
  const [from, setFrom] = useState(() => momentText(Date.now() - HOUR_MS));
  const [to, setTo] = useState(() => momentText(Date.now()));
  const [isDead, setDead] = useState(false);
  const [counted, setCounted] = useState<string | null>(null);
  const [fromTime, toTime] = [momentOf(from), momentOf(to)];
  const wish: ReplayWish | null =
    fromTime === null
      ? null
      : { from: fromTime, ...(toTime === null ? {} : { to: toTime }), ...(isDead && { outcome: 'dead' }) };
  const count = async (): Promise<void> => {
    if (wish === null) return;
    try {
      setCounted(words.previewed(String((await previewReplay(endpoint, wish)).events)));
    } catch (error) {
      setCounted(errorText(error));
    }
  };
  const changed = (change: () => void): void => {
    change();
    setCounted(null);
  };
  return (
    <ConfirmAction
      label={words.replay}
      title={words.replayTitle}
      canRun={wish !== null && counted !== null}
      run={async () => {
        if (wish === null) return;
        const { events } = await startReplay(endpoint, wish);
        setCounted(null);
        void message.info(words.replayStarted(String(events)));
      }}
    >
      <p className="muted">{words.replayHint}</p>
      <Form layout="vertical" component="div" className={styles['replay'] ?? ''}>
        <Form.Item label={words.replayRange} htmlFor="replay-from">
          <div className={styles['range']}>
            <Input
              id="replay-from"
              type="datetime-local"
              step={1}
              value={from}
              onChange={({ target }) => changed(() => setFrom(target.value))}
            />
            <span aria-hidden>–</span>
            <Input
              aria-label={words.replayRange}
              type="datetime-local"
              step={1}
              value={to}
              onChange={({ target }) => changed(() => setTo(target.value))}
            />
          </div>
        </Form.Item>
        <Form.Item label={words.replayWhat}>
          <Radio.Group
            value={isDead}
            onChange={({ target }) => changed(() => setDead(target.value === true))}
            options={[
              { value: false, label: words.replayAll },
              { value: true, label: words.replayDead },
            ]}
          />
        </Form.Item>
      </Form>
      <div className={styles['tools']}>
        <Button onClick={() => void count()} disabled={wish === null}>
          {words.preview}
        </Button>
        <strong aria-live="polite">{counted}</strong>
      </div>
    </ConfirmAction>
  );
}
