import { Button } from 'antd';
import type { ReactNode } from 'react';
import type { Order } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { useWords } from '../../app/language.ts';
import { useNamedOrders } from '../../parts/named-items.ts';
import styles from './board.module.css';
import type { BoardState } from './board-store.ts';
import { Card } from './card.tsx';
import type { Unsettled } from './card.tsx';
import type { ColumnId } from './columns.ts';
import { boardWords } from './words.ts';

const NOTHING: readonly Unsettled[] = [];

export function Column({
  id,
  state,
  isChosen,
  actionsOf,
  onAct,
  onSettle,
  onMore,
}: {
  readonly id: ColumnId;
  readonly state: BoardState;
  /** On a phone one column is shown at a time. */
  readonly isChosen: boolean;
  readonly actionsOf: (order: Order) => readonly ActionSpec[];
  readonly onAct: (order: Order, spec: ActionSpec) => void;
  readonly onSettle: (order: Order, action: Unsettled) => void;
  readonly onMore: () => void;
}): ReactNode {
  const words = useWords(boardWords);
  const cards = state.cards[id];
  const named = useNamedOrders(cards);
  const title = words.columns[id];
  return (
    <section
      className={styles['column']}
      data-column={id}
      data-chosen={isChosen}
      data-empty={cards.length === 0}
      aria-labelledby={`column-${id}`}
    >
      <h2 id={`column-${id}`}>
        <i aria-hidden />
        {title}
        <span className={styles['count']}>{words.count(String(cards.length), state.hasMore[id])}</span>
      </h2>
      {/* It scrolls, so the keyboard must reach it even without a card. */}
      <div className={styles['cards']} tabIndex={0} role="group" aria-labelledby={`column-${id}`}>
        {named.map((order) => (
          <Card
            key={order.id}
            order={order}
            column={id}
            isFresh={state.fresh.has(order.id)}
            underWay={state.underWay.get(order.id)}
            actions={actionsOf(order)}
            unsettled={state.possible.get(order.id)?.unsettled ?? NOTHING}
            onAct={onAct}
            onSettle={onSettle}
          />
        ))}
        {cards.length === 0 && <p className={styles['none']}>{words.empty[id]}</p>}
        {state.hasMore[id] && cards.length > 0 && (
          <Button type="text" size="small" block onClick={onMore}>
            {words.more}
          </Button>
        )}
      </div>
    </section>
  );
}
