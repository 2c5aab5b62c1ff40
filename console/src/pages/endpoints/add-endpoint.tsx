import { Checkbox, Form, Input, Select } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { createEndpoint } from '../../api/endpoints.ts';
import type { NewEndpoint } from '../../api/endpoints.ts';
import { useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { MultiSelect } from '../../parts/multi-select.tsx';
import { endpointsWords } from './words.ts';

const NEW: NewEndpoint = {
  url: '',
  events: ['order.*'],
  kind: 'events',
  strict: false,
  personalData: false,
  description: null,
};
const PATTERNS = [
  '*',
  'order.*',
  'order.paid',
  'order.completed',
  'order.refunded',
  'action.*',
  'store.*',
  'attention.*',
  'stock.*',
  'commission.*',
];

export function AddEndpoint({ onAdded }: { readonly onAdded: (secret: string) => void }): ReactNode {
  const words = useWords(endpointsWords);
  const isAdmin = useMay('admin');
  const [wish, setWish] = useState(NEW);
  const change = (part: Partial<NewEndpoint>): void => setWish({ ...wish, ...part });
  const run = async (): Promise<void> => {
    const { secret } = await createEndpoint({ ...wish, url: wish.url.trim() });
    setWish(NEW);
    onAdded(secret);
  };
  return (
    <ConfirmAction
      label={words.add}
      title={words.addTitle}
      run={run}
      canRun={URL.canParse(wish.url.trim()) && wish.events.length > 0}
      button={{ type: 'primary' }}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={words.url} htmlFor="endpoint-url" extra={words.urlHint}>
          <Input
            id="endpoint-url"
            value={wish.url}
            placeholder="https://erp.example.com/hooks"
            inputMode="url"
            onChange={({ target }) => change({ url: target.value })}
          />
        </Form.Item>
        <Form.Item label={words.events} htmlFor="endpoint-events" extra={words.eventsHint}>
          <MultiSelect
            id="endpoint-events"
            isFree
            value={[...wish.events]}
            options={PATTERNS.map((value) => ({ value }))}
            onChange={(events) => change({ events })}
          />
        </Form.Item>
        <Form.Item label={words.kind} htmlFor="endpoint-kind">
          <Select<NewEndpoint['kind']>
            id="endpoint-kind"
            value={wish.kind}
            options={(['events', 'raw'] as const).map((value) => ({ value, label: words.kinds[value] }))}
            onChange={(kind) => change({ kind })}
          />
        </Form.Item>
        <Form.Item extra={words.strictHint}>
          <Checkbox checked={wish.strict} onChange={({ target }) => change({ strict: target.checked })}>
            {words.strict}
          </Checkbox>
        </Form.Item>
        {isAdmin && (
          <Form.Item extra={words.personalHint}>
            <Checkbox checked={wish.personalData} onChange={({ target }) => change({ personalData: target.checked })}>
              {words.personal}
            </Checkbox>
          </Form.Item>
        )}
        <Form.Item label={words.note} htmlFor="endpoint-note">
          <Input
            id="endpoint-note"
            maxLength={1000}
            value={wish.description ?? ''}
            onChange={({ target }) => change({ description: target.value === '' ? null : target.value })}
          />
        </Form.Item>
      </Form>
    </ConfirmAction>
  );
}
