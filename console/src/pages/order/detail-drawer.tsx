import { Button, Drawer, Input } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { readCallback } from '../../api/callbacks.ts';
import type { TimelineEntry } from '../../api/orders.ts';
import { get } from '../../api/request.ts';
import type { Page } from '../../api/request.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { useMe } from '../../app/session.tsx';
import { BytesView, JsonView } from '../../parts/bytes-view.tsx';
import { durationText } from '../../parts/duration.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import { useIsPhone } from '../../parts/use-is-phone.ts';
import { partWords } from '../../parts/words.ts';
import styles from './detail.module.css';
import { detailWords } from './detail-words.ts';
import { useFactTexts } from './fact-text.ts';
import { useActionLabel } from './order-context.ts';
import { ACTION_TONES, OUTCOME_TONES } from './timeline-cells.tsx';
import { VerdictTag } from '../../parts/verdict-tag.tsx';
import type { ActionEntry, CallbackEntry, DeliveryEntry, EventEntry, FactEntry } from './timeline-rows.ts';
import { orderWords } from './words.ts';

/** An entry of the timeline down to its bytes. */
export function DetailDrawer({
  entry,
  onClose,
}: {
  readonly entry: TimelineEntry | null;
  readonly onClose: () => void;
}): ReactNode {
  const { lanes } = useWords(orderWords).timeline;
  const isPhone = useIsPhone();
  const titles = {
    callback: lanes.source,
    fact: lanes.facts,
    event: lanes.status,
    action: lanes.actions,
    delivery: lanes.deliveries,
  };
  return (
    <Drawer
      open={entry !== null}
      onClose={onClose}
      size={isPhone ? '100%' : 640}
      title={entry === null ? '' : titles[entry.kind]}
      destroyOnHidden
    >
      {entry !== null && <Detail key={entry.id} entry={entry} />}
    </Drawer>
  );
}

function Detail({ entry }: { readonly entry: TimelineEntry }): ReactNode {
  switch (entry.kind) {
    case 'callback':
      return <CallbackDetail entry={entry} />;
    case 'fact':
      return <FactDetail entry={entry} />;
    case 'event':
      return <EventDetail entry={entry} />;
    case 'action':
      return <ActionDetail entry={entry} />;
    case 'delivery':
      return <DeliveryDetail entry={entry} />;
  }
}

type Line = readonly [string, ReactNode];

function Lines({ lines }: { readonly lines: readonly Line[] }): ReactNode {
  return (
    <dl className={styles['lines']}>
      {lines
        .filter(([, value]) => value !== null && value !== '' && value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={styles['part']}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function CallbackDetail({ entry }: { readonly entry: CallbackEntry }): ReactNode {
  const words = useWords(detailWords).detail;
  const evidences: Readonly<Record<string, string>> = useWords(partWords).evidences;
  const [reason, setReason] = useState<string | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ['callback', entry.id, reason],
    queryFn: ({ signal }) => readCallback(entry.id, reason, signal),
  });
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  const { request } = data;
  return (
    <div className={styles['detail']}>
      <Lines
        lines={[
          [words.verdict, <VerdictTag key="verdict" verdict={data.verdict} />],
          [words.reason, data.reason],
          [words.topic, data.topic],
          [words.evidence, data.evidence === null ? null : (evidences[data.evidence] ?? data.evidence)],
          [words.secret, data.secretFingerprint === null ? null : <code key="secret">{data.secretFingerprint}</code>],
          [words.receivedAt, <Time key="received" at={data.receivedAt} isWhole />],
          [words.processedAt, <Time key="processed" at={data.processedAt} isWhole />],
        ]}
      />
      <Link to={`/callbacks/${data.id}`}>{words.openPage}</Link>
      {request === null ? (
        <AskReason onReason={setReason} />
      ) : (
        <>
          {request.query !== '' && (
            <Part title={words.query}>
              <BytesView text={request.query} label={words.query} />
            </Part>
          )}
          <Part title={words.body}>
            <BytesView text={request.body} base64={request.bodyBase64} isCut={request.isCut} label={words.body} />
          </Part>
          <Part title={words.headers}>
            <BytesView
              text={Object.entries(request.headers)
                .map(([name, value]) => `${name}: ${value}`)
                .join('\n')}
              label={words.headers}
            />
          </Part>
        </>
      )}
      <Part title={`${words.reply} · HTTP ${data.reply.status}`}>
        <BytesView text={data.reply.body} label={words.reply} />
      </Part>
    </div>
  );
}

/** The bytes of a takeaway order name the customer: who looks says why. */
function AskReason({ onReason }: { readonly onReason: (reason: string) => void }): ReactNode {
  const words = useWords(orderWords);
  const { detail } = useWords(detailWords);
  const { reveal } = useMe();
  const [text, setText] = useState('');
  return (
    <form
      className={styles['ask']}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') onReason(text.trim());
      }}
    >
      <p>{detail.sealed}</p>
      {reveal && (
        <div className={styles['askRow']}>
          <Input
            aria-label={words.people.reason}
            placeholder={words.people.reason}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
          <Button type="primary" htmlType="submit" disabled={text.trim() === ''}>
            {words.people.reveal}
          </Button>
        </div>
      )}
    </form>
  );
}

function FactDetail({ entry }: { readonly entry: FactEntry }): ReactNode {
  const words = useWords(orderWords);
  const { detail } = useWords(detailWords);
  const factTexts = useFactTexts();
  const sources = words.sources;
  return (
    <div className={styles['detail']}>
      <Lines
        lines={[
          [words.because, entry.source === 'callback' ? sources.callback('') : sources[entry.source]],
          [detail.saidAt, entry.saidAt === null ? null : <Time key="said" at={entry.saidAt} isWhole />],
          [detail.receivedAt, <Time key="at" at={entry.at} isWhole />],
        ]}
      />
      <div className={styles['scroll']} tabIndex={0} role="group" aria-label={words.timeline.lanes.facts}>
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">{detail.register}</th>
              <th scope="col">{detail.value}</th>
            </tr>
          </thead>
          <tbody>
            {factTexts(entry).map(({ name, value, isHidden }) => (
              <tr key={name}>
                <td>{name}</td>
                <td className={isHidden ? 'muted' : undefined}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Part title={detail.raw}>
        <JsonView value={entry.facts} label={detail.raw} />
      </Part>
    </div>
  );
}

function EventBytes({ id }: { readonly id: string }): ReactNode {
  const words = useWords(detailWords).detail;
  const { data, error, refetch } = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) => get<unknown>(`/events/${encodeURIComponent(id)}`, undefined, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading />;
  return (
    <Part title={words.event}>
      <JsonView value={data} label={words.event} />
    </Part>
  );
}

function EventDetail({ entry }: { readonly entry: EventEntry }): ReactNode {
  return (
    <div className={styles['detail']}>
      <EventBytes id={entry.id} />
    </div>
  );
}

function ActionDetail({ entry }: { readonly entry: ActionEntry }): ReactNode {
  const words = useWords(detailWords).detail;
  const { actionStates } = useWords(partWords);
  const language = useLanguage();
  const label = useActionLabel();
  const call = entry.request;
  return (
    <div className={styles['detail']}>
      <Lines
        lines={[
          [
            label(entry.action),
            <ToneTag key="state" tone={ACTION_TONES[entry.state] ?? 'neutral'}>
              {actionStates[entry.state]}
            </ToneTag>,
          ],
          [words.reason, entry.reason],
          [words.code, entry.code],
          [words.number, <code key="number">{entry.number}</code>],
          [words.cause, entry.cause],
          [words.askedBy, entry.askedByName ?? entry.askedBy],
          [words.attempts, String(entry.attempts)],
          [words.duration, entry.durationMs === null ? null : durationText(entry.durationMs, language)],
          [words.sentAt, entry.sentAt === null ? words.unsent : <Time key="sent" at={entry.sentAt} isWhole />],
          [words.finishedAt, entry.finishedAt === null ? null : <Time key="finished" at={entry.finishedAt} isWhole />],
          [
            words.call,
            call === null ? null : <code key="call">{`${call.method} ${call.host}${call.path} (${call.call})`}</code>,
          ],
        ]}
      />
      <Part title={words.params}>
        <JsonView value={entry.params} label={words.params} />
      </Part>
      <Part title={words.answer}>
        <JsonView value={entry.answer} label={words.answer} />
      </Part>
    </div>
  );
}

interface Attempt {
  readonly id: string;
  readonly response: string | null;
}

function DeliveryDetail({ entry }: { readonly entry: DeliveryEntry }): ReactNode {
  const words = useWords(detailWords).detail;
  const { deliveryOutcomes } = useWords(partWords);
  const language = useLanguage();
  const attempts = useQuery({
    queryKey: ['attempts', entry.event],
    queryFn: ({ signal }) => get<Page<Attempt>>('/deliveries', { event: entry.event, limit: 100 }, signal),
  });
  const response = attempts.data?.data.find(({ id }) => id === entry.id)?.response ?? null;
  return (
    <div className={styles['detail']}>
      <Lines
        lines={[
          [
            words.outcome,
            <ToneTag key="outcome" tone={OUTCOME_TONES[entry.outcome] ?? 'neutral'}>
              {deliveryOutcomes[entry.outcome]}
            </ToneTag>,
          ],
          [words.status, entry.statusCode === null ? null : String(entry.statusCode)],
          [words.error, entry.error],
          [words.attempt, String(entry.attempt)],
          [words.duration, durationText(entry.durationMs, language)],
          [words.sentAt, <Time key="at" at={entry.at} isWhole />],
          [
            words.endpoint,
            <Link key="endpoint" to={`/endpoints/${entry.endpoint}`}>
              {entry.endpoint}
            </Link>,
          ],
        ]}
      />
      {response !== null && (
        <Part title={words.response}>
          <BytesView text={response} label={words.response} />
        </Part>
      )}
      <EventBytes id={entry.event} />
    </div>
  );
}
