import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, InputNumber, Slider } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { changeSandbox, placeOrder, readSandbox, sendAgain } from '../../api/settings.ts';
import type { SandboxState } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { Loading } from '../../parts/loading.tsx';
import { PlatformBadge, usePlatforms } from '../../parts/platform-badge.tsx';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

const CHAOS = ['duplicate', 'reorder', 'delay', 'drop', 'fault'] as const;

/** The demo's platforms: how fast, how troubled, an order now, a callback once more. */
export function SandboxControls(): ReactNode {
  const words = useWords(settingsWords);
  const sandbox = useQuery({ queryKey: ['sandbox'], queryFn: ({ signal }) => readSandbox(signal) });
  if (sandbox.error !== null && sandbox.data === undefined)
    return <ErrorState error={sandbox.error} retry={() => void sandbox.refetch()} />;
  if (sandbox.data === undefined) return <Loading />;
  return (
    <>
      <p className="muted">{words.sandboxHint}</p>
      <div className={styles['columns']}>
        <Knobs key={JSON.stringify(sandbox.data.chaos)} state={sandbox.data} />
        <Doings />
      </div>
    </>
  );
}

function useSaid(): (run: () => Promise<string>) => Promise<void> {
  const errorText = useErrorText();
  const { message } = App.useApp();
  return async (run) => {
    try {
      void message.success(await run());
    } catch (error) {
      void message.error(errorText(error));
    }
  };
}

function Knobs({ state }: { readonly state: SandboxState }): ReactNode {
  const words = useWords(settingsWords);
  const client = useQueryClient();
  const said = useSaid();
  const [rate, setRate] = useState(state.rate);
  const [speed, setSpeed] = useState(state.speed);
  const [chaos, setChaos] = useState<Readonly<Record<string, number>>>(state.chaos);
  const apply = (): Promise<void> =>
    said(async () => {
      await changeSandbox({ rate, speed, chaos });
      await client.invalidateQueries({ queryKey: ['sandbox'] });
      return words.saved;
    });
  return (
    <section className={styles['card']}>
      <div className={styles['knobs']}>
        <label>
          <span>{words.rate}</span>
          <InputNumber min={0} max={200} step={0.5} value={rate} onChange={(value) => setRate(value ?? 0)} />
        </label>
        <label>
          <span>{words.speed}</span>
          <InputNumber min={0.1} max={10_000} value={speed} onChange={(value) => setSpeed(value ?? 1)} />
        </label>
      </div>
      <h2>{words.chaos}</h2>
      {CHAOS.map((kind) => (
        <div key={kind} className={styles['slider']}>
          <span id={`chaos-${kind}`}>{words.chaosKinds[kind]}</span>
          <Slider
            min={0}
            max={1}
            step={0.05}
            ariaLabelForHandle={words.chaosKinds[kind]}
            value={chaos[kind] ?? 0}
            onChange={(value) => setChaos({ ...chaos, [kind]: value })}
          />
          <span className={styles['share']}>{Math.round((chaos[kind] ?? 0) * 100)} %</span>
        </div>
      ))}
      <Button type="primary" onClick={() => void apply()}>
        {words.apply}
      </Button>
    </section>
  );
}

function Doings(): ReactNode {
  const words = useWords(settingsWords);
  const said = useSaid();
  const platforms = usePlatforms();
  const [number, setNumber] = useState('');
  return (
    <section className={styles['card']}>
      <h2>{words.placeNow}</h2>
      <div className={styles['places']}>
        {platforms.map(({ id }) => (
          <Button key={id} onClick={() => void said(async () => words.placed((await placeOrder(id)).platformOrderId))}>
            <PlatformBadge platform={id} withName />
          </Button>
        ))}
      </div>
      <h2 className={styles['second']}>{words.repeat}</h2>
      <p className="muted">{words.repeatHint}</p>
      <form
        className={styles['line']}
        onSubmit={(event) => {
          event.preventDefault();
          void said(async () => {
            await sendAgain(number.trim());
            return words.repeated;
          });
        }}
      >
        <Input
          aria-label={words.repeatNumber}
          placeholder={words.repeatNumber}
          value={number}
          onChange={({ target }) => setNumber(target.value)}
        />
        <Button htmlType="submit" disabled={number.trim() === ''}>
          {words.repeat}
        </Button>
      </form>
    </section>
  );
}
