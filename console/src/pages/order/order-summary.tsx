import { Collapse } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Order } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { JsonView } from '../../parts/bytes-view.tsx';
import { useNamedOrder } from '../../parts/named-items.ts';
import { Money } from '../../parts/money.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './order.module.css';
import { Pairs, Panel } from './panel.tsx';
import { People } from './people.tsx';
import { orderWords } from './words.ts';

export function OrderSummary({
  order,
  isRevealed,
  onReveal,
  error,
}: {
  readonly order: Order;
  readonly isRevealed: boolean;
  readonly onReveal: (reason: string) => void;
  readonly error: Error | null;
}): ReactNode {
  return (
    <div className={styles['cards']}>
      <Items order={order} />
      <Amounts order={order} />
      {order.customer !== null || order.takeaway !== null ? (
        <People order={order} isRevealed={isRevealed} onReveal={onReveal} error={error} />
      ) : null}
      {order.attribution !== null || order.commission !== null ? <Promotion order={order} /> : null}
    </div>
  );
}

/** What is rarely looked for: below the picture of what happened. */
export function OrderDetails({ order }: { readonly order: Order }): ReactNode {
  return (
    <div className={styles['cards']}>
      <State order={order} />
      <Rest order={order} />
    </div>
  );
}

function Items({ order: given }: { readonly order: Order }): ReactNode {
  const order = useNamedOrder(given);
  const words = useWords(orderWords).items;
  return (
    <Panel title={words.title}>
      {order.items.length === 0 ? (
        <p className="muted">{words.empty}</p>
      ) : (
        <ul className={styles['items']}>
          {order.items.map(({ line, name, quantity, total, price, note }) => (
            <li key={line}>
              <span>
                {name}
                {note !== null && <small>{note}</small>}
              </span>
              <b data-many={quantity > 1}>×{quantity}</b>
              <Money fen={total ?? (price === null ? null : price * quantity)} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Amounts({ order: { amounts, refundDue } }: { readonly order: Order }): ReactNode {
  const words = useWords(orderWords).amounts;
  const names = [
    'original',
    'total',
    'paid',
    'refunded',
    'deliveryFee',
    'boxFee',
    'platformFee',
    'income',
    'commission',
  ] as const;
  return (
    <Panel title={words.title}>
      <p className={styles['sum']}>
        <span>{words.paid}</span>
        <Money fen={amounts.paid} isStrong />
      </p>
      <Pairs
        lines={[
          ...names
            .filter(
              (name) => name !== 'paid' && amounts[name] !== null && !(name === 'refunded' && amounts[name] === 0),
            )
            .map((name) => [words[name], <Money key={name} fen={amounts[name]} />] as const),
          ...(refundDue === null
            ? []
            : [
                [
                  words.refundDue,
                  <ToneTag key="due" tone="danger">
                    <Money fen={refundDue} isStrong />
                  </ToneTag>,
                ] as const,
              ]),
        ]}
      />
    </Panel>
  );
}

function Promotion({ order: { attribution, commission } }: { readonly order: Order }): ReactNode {
  const words = useWords(orderWords).promotion;
  return (
    <Panel title={words.title}>
      <Pairs
        lines={[
          [words.sid, attribution?.sid ?? null],
          [words.member, attribution?.member ?? null],
          [words.gross, commission === null ? null : <Money key="gross" fen={commission.gross} />],
          [
            words.net,
            commission === null ? null : (
              <span key="net">
                <Money fen={commission.net} isStrong />{' '}
                <ToneTag tone={commission.final ? 'ok' : 'neutral'}>
                  {commission.final ? words.final : words.estimate}
                </ToneTag>
              </span>
            ),
          ],
        ]}
      />
    </Panel>
  );
}

function State({ order }: { readonly order: Order }): ReactNode {
  const words = useWords(orderWords);
  const parts = useWords(partWords);
  const times = ['placedAt', 'paidAt', 'acceptBy', 'answerBy', 'expiresAt', 'completedAt', 'updatedAt'] as const;
  return (
    <Panel title={words.facets.title}>
      <Pairs
        lines={[
          [words.facets.payment, parts.payments[order.payment]],
          [words.facets.fulfilment, parts.fulfilments[order.fulfilment]],
          [words.facets.lifecycle, parts.lifecycles[order.lifecycle]],
          [words.facets.settlement, parts.settlements[order.settlement]],
          ...times
            .filter((name) => order[name] !== null)
            .map((name) => [words.times[name], <Time key={name} at={order[name]} isWhole />] as const),
        ]}
      />
    </Panel>
  );
}

function Rest({ order }: { readonly order: Order }): ReactNode {
  const words = useWords(orderWords);
  const parts = useWords(partWords);
  const folded = [
    ...(order.parts.length === 0
      ? []
      : [
          {
            key: 'parts',
            label: `${words.parts} · ${order.parts.length}`,
            children: (
              <ul className={styles['parts']}>
                {order.parts.map(({ line, payment, fulfilment, lifecycle }) => (
                  <li key={line}>
                    <code>{line}</code>
                    <span>
                      {[
                        payment === null ? null : parts.payments[payment],
                        fulfilment === null ? null : parts.fulfilments[fulfilment],
                        lifecycle === null ? null : parts.lifecycles[lifecycle],
                      ]
                        .filter((text) => text !== null)
                        .join(' · ')}
                    </span>
                  </li>
                ))}
              </ul>
            ),
          },
        ]),
    ...(Object.keys(order.platformFields).length === 0
      ? []
      : [
          {
            key: 'fields',
            label: words.platformFields,
            children: <JsonView value={order.platformFields} label={words.platformFields} />,
          },
        ]),
  ];
  return (
    <Panel title={words.where.title}>
      <Pairs
        lines={[
          [
            words.where.account,
            <Link key="account" to={`/accounts/${order.account}`}>
              {order.account}
            </Link>,
          ],
          [words.where.store, order.store],
          [words.where.shop, order.shop],
          [words.where.merchant, order.merchant],
          [
            words.where.parent,
            order.parent === null ? null : (
              <Link key="parent" to={`/orders/${order.parent}`}>
                {order.parent}
              </Link>
            ),
          ],
          [words.numbers.display, order.displayId === order.platformOrderId ? null : order.displayId],
          [words.numbers.merchant, order.merchantOrderId],
          [
            words.numbers.own,
            <span key="id" className="mono">
              {order.id}
            </span>,
          ],
        ]}
      />
      {folded.length > 0 && <Collapse ghost size="small" items={folded} className={styles['folded'] ?? ''} />}
    </Panel>
  );
}
