import type { ReactNode } from 'react';
import type { OrderStatus, TimelineEntry } from '../../api/orders.ts';
import { ORDER_STATUSES } from '../../api/orders.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { durationText } from '../../parts/duration.ts';
import { StatusTag, ToneTag } from '../../parts/status-tag.tsx';
import type { Tone } from '../../parts/status-tag.tsx';
import { partWords } from '../../parts/words.ts';
import { VerdictTag } from '../../parts/verdict-tag.tsx';
import { useActionLabel, useOrderKind, useTopicLabel } from './order-context.ts';
import { useFactTexts, weighty } from './fact-text.ts';
import { lastAttempts } from './timeline-rows.ts';
import type { ActionEntry, CallbackEntry, DeliveryEntry, EventEntry, FactEntry } from './timeline-rows.ts';
import styles from './timeline.module.css';
import { orderWords } from './words.ts';

type Open = (entry: TimelineEntry) => void;

export const ACTION_TONES: Readonly<Record<string, Tone>> = {
  queued: 'info',
  sent: 'info',
  succeeded: 'ok',
  failed: 'danger',
  unknown: 'warn',
};
export const OUTCOME_TONES: Readonly<Record<string, Tone>> = { delivered: 'ok', failed: 'warn', dead: 'danger' };

const SHOWN_FACTS = 4;
const SHOWN_DELIVERIES = 3;

function Box({
  entry,
  label,
  onOpen,
  children,
}: {
  readonly entry: TimelineEntry;
  readonly label: string;
  readonly onOpen: Open;
  readonly children: ReactNode;
}): ReactNode {
  const words = useWords(orderWords).timeline;
  return (
    <button
      type="button"
      className={styles['box']}
      data-kind={entry.kind}
      title={words.open(label)}
      onClick={() => onOpen(entry)}
    >
      {children}
    </button>
  );
}

export function CallbackCell({
  callbacks,
  onOpen,
}: {
  readonly callbacks: readonly CallbackEntry[];
  readonly onOpen: Open;
}): ReactNode {
  const { lanes, times } = useWords(orderWords).timeline;
  const topicLabel = useTopicLabel();
  const entry = callbacks[0];
  if (entry === undefined) return null;
  return (
    <Box entry={entry} label={lanes.source} onOpen={onOpen}>
      <b>{topicLabel(entry.topic) || lanes.source}</b>
      <span className={styles['tags']}>
        <VerdictTag verdict={entry.verdict} />
        {callbacks.length > 1 && <span className="muted">{times(String(callbacks.length))}</span>}
      </span>
      {entry.reason !== null && <small>{entry.reason}</small>}
    </Box>
  );
}

export function FactCell({ fact, onOpen }: { readonly fact: FactEntry; readonly onOpen: Open }): ReactNode {
  const words = useWords(orderWords);
  const texts = useFactTexts()(fact);
  const count = Math.max(1, Math.min(SHOWN_FACTS, weighty(fact)));
  return (
    <Box entry={fact} label={words.timeline.lanes.facts} onOpen={onOpen}>
      <span className={styles['facts']} data-stale={fact.verdict === 'stale'}>
        {texts.slice(0, count).map(({ name, value, isHidden }) => (
          <span key={name}>
            <i>{name}</i> <em data-hidden={isHidden}>{value}</em>
          </span>
        ))}
      </span>
      {texts.length > count && <small>{words.timeline.moreFacts(String(texts.length - count))}</small>}
      {fact.verdict === 'stale' && <small>{words.timeline.stale}</small>}
      {fact.verdict === 'applied' && fact.version === null && <small>{words.timeline.nothingNew}</small>}
    </Box>
  );
}

const isStatus = (text: string): text is OrderStatus => (ORDER_STATUSES as readonly string[]).includes(text);

export function StatusCell({ event, onOpen }: { readonly event: EventEntry; readonly onOpen: Open }): ReactNode {
  const words = useWords(orderWords).timeline;
  const kind = useOrderKind();
  const status = event.type.replace(/^order\./u, '');
  const isChange = isStatus(status) && event.previousStatus !== status;
  return (
    <Box entry={event} label={words.lanes.status} onOpen={onOpen}>
      <span className={styles['status']} data-changes={isChange}>
        {isStatus(status) ? <StatusTag status={status} kind={kind} /> : <span>{words.changed}</span>}
      </span>
      <small>{words.version(String(event.sequence))}</small>
    </Box>
  );
}

export function ActionCell({ action, onOpen }: { readonly action: ActionEntry; readonly onOpen: Open }): ReactNode {
  const words = useWords(orderWords).timeline;
  const { actionStates } = useWords(partWords);
  const label = useActionLabel();
  return (
    <Box entry={action} label={words.lanes.actions} onOpen={onOpen}>
      <b>{label(action.action)}</b>
      <span className={styles['tags']}>
        <ToneTag tone={ACTION_TONES[action.state] ?? 'neutral'}>{actionStates[action.state]}</ToneTag>
        {action.cause !== null && <span className="muted">{words.auto}</span>}
      </span>
      {action.reason !== null && <small>{action.reason}</small>}
    </Box>
  );
}

export function DeliveryCells({
  deliveries,
  onOpen,
}: {
  readonly deliveries: readonly DeliveryEntry[];
  readonly onOpen: Open;
}): ReactNode {
  const words = useWords(orderWords).timeline;
  const { deliveryOutcomes } = useWords(partWords);
  const language = useLanguage();
  const ends = lastAttempts(deliveries);
  return (
    <>
      {ends.slice(0, SHOWN_DELIVERIES).map(({ last, count }) => (
        <Box key={last.id} entry={last} label={words.lanes.deliveries} onOpen={onOpen}>
          <span className={styles['tags']}>
            <ToneTag tone={OUTCOME_TONES[last.outcome] ?? 'neutral'}>{deliveryOutcomes[last.outcome]}</ToneTag>
            <span className="mono muted">{last.statusCode ?? ''}</span>
          </span>
          <small>
            {durationText(last.durationMs, language)}
            {count > 1 && ` · ${words.attempts(String(count))}`}
            {last.error !== null && ` · ${last.error}`}
          </small>
        </Box>
      ))}
      {ends.length > SHOWN_DELIVERIES && (
        <small className="muted">{words.moreDeliveries(String(ends.length - SHOWN_DELIVERIES))}</small>
      )}
    </>
  );
}
