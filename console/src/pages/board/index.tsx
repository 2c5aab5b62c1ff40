import { App } from 'antd';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { act } from '../../api/orders.ts';
import type { Order } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { newIdempotencyKey } from '../../api/request.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useLiveEvents } from '../../app/live.ts';
import { useMay } from '../../app/session.tsx';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { useErrorText } from '../../parts/error-text.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { useActionName, usePlatforms } from '../../parts/platform-badge.tsx';
import { SettleDialog } from '../../parts/settle-dialog.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './board.module.css';
import { BoardStore } from './board-store.ts';
import type { EndedAction } from './board-store.ts';
import type { Unsettled } from './card.tsx';
import { Column } from './column.tsx';
import { COLUMN_IDS } from './columns.ts';
import type { ColumnId } from './columns.ts';
import { useKeepFocus } from './keep-focus.ts';
import { quickActions } from './quick-actions.ts';
import { ColumnTabs, Toolbar } from './toolbar.tsx';

/** Live orders of all platforms in columns by status. */
export function Page(): ReactNode {
  const [params] = useSearchParams();
  const platform = params.get('platform');
  const onEnded = useToldEnd();
  const store = useMemo(() => new BoardStore(platform, onEnded), [platform, onEnded]);
  useLiveEvents(store);
  useEffect(() => {
    void store.load();
    return store.stop;
  }, [store]);
  const state = useSyncExternalStore(store.subscribe, store.read);
  const specs = useSpecs();
  const mayWrite = useMay('write');
  const { begin, dialog } = useBegin(store);
  const [settling, setSettling] = useState<Settled | null>(null);
  const settle = useCallback((order: Order, action: Unsettled) => setSettling({ order, action }), []);
  const [chosen, setChosen] = useState<ColumnId>('paid');

  const place = useRef<HTMLDivElement>(null);
  useKeepFocus(place);

  const hasCards = COLUMN_IDS.some((id) => state.cards[id].length > 0);
  return (
    <div className={styles['board']} ref={place}>
      <Toolbar />
      {state.error !== null && !hasCards ? (
        <ErrorState error={state.error} retry={() => void store.load()} />
      ) : state.isLoading && !hasCards ? (
        <Loading />
      ) : (
        <>
          <ColumnTabs state={state} chosen={chosen} onChoose={setChosen} />
          <div className={styles['columns']}>
            {COLUMN_IDS.map((id) => (
              <Column
                key={id}
                id={id}
                state={state}
                isChosen={id === chosen}
                actionsOf={(order) =>
                  mayWrite ? quickActions(order, id, specs.get(order.platform) ?? [], state.possible.get(order.id)) : []
                }
                onAct={begin}
                onSettle={settle}
                onMore={() => void store.loadMore(id)}
              />
            ))}
          </div>
        </>
      )}
      {dialog}
      {settling !== null && (
        <Settling
          settling={settling}
          onClose={() => setSettling(null)}
          onSettled={() => store.askAgain(settling.order.id)}
        />
      )}
    </div>
  );
}

interface Settled {
  readonly order: Order;
  readonly action: Unsettled;
}

function Settling({
  settling: { order, action },
  onClose,
  onSettled,
}: {
  readonly settling: Settled;
  readonly onClose: () => void;
  readonly onSettled: () => void;
}): ReactNode {
  const name = useActionName(order.platform)(action.action);
  return <SettleDialog actionId={action.id} about={name} onClose={onClose} onSettled={onSettled} />;
}

function useSpecs(): ReadonlyMap<string, readonly ActionSpec[]> {
  const platforms = usePlatforms();
  return useMemo(() => new Map(platforms.map(({ id, actions }) => [id, actions])), [platforms]);
}

function useToldEnd(): (ended: EndedAction) => void {
  const { message } = App.useApp();
  const words = useWords(partWords).actions;
  return useCallback(
    ({ state, label, reason }) => {
      if (state === 'succeeded') void message.success(words.done(label));
      else if (state === 'failed') void message.error(words.failed(label, reason), 8);
      else void message.warning(words.unknown(label), 8);
    },
    [message, words],
  );
}

/** What costs nothing and needs no word is done at a click; the rest asks first. */
function useBegin(store: BoardStore): {
  readonly begin: (order: Order, spec: ActionSpec) => void;
  readonly dialog: ReactNode;
} {
  const { message } = App.useApp();
  const own = useOwnWords();
  const errorText = useErrorText();
  const [asking, setAsking] = useState<{ readonly order: Order; readonly spec: ActionSpec } | null>(null);

  const begin = useCallback(
    (order: Order, spec: ActionSpec): void => {
      if (spec.moves !== 'nothing' || spec.params.length > 0) {
        setAsking({ order, spec });
        return;
      }
      store.begin(order.id, own(spec.label), null);
      act(order.id, { action: spec.name }, newIdempotencyKey()).then(
        ({ id }) => store.sent(order.id, id),
        (error: unknown) => {
          store.end(order.id);
          void message.error(errorText(error), 8);
        },
      );
    },
    [store, own, message, errorText],
  );
  const dialog =
    asking === null ? null : (
      <ActionDialog
        order={asking.order}
        spec={asking.spec}
        onClose={() => setAsking(null)}
        onSent={(id) => store.begin(asking.order.id, own(asking.spec.label), id)}
      />
    );
  return { begin, dialog };
}
