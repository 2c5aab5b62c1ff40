import { createContext, use } from 'react';
import type { OrderKind } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { useOwnWords } from '../../app/language.ts';

/** What the parts of the page know of the order without being told. */
export const OrderContext = createContext<{
  readonly kind: OrderKind | undefined;
  readonly specs: readonly ActionSpec[];
}>({
  kind: undefined,
  specs: [],
});

export const useOrderKind = (): OrderKind | undefined => use(OrderContext).kind;

/** What an action is called; the hub's own ones by their name. */
export function useActionLabel(): (name: string) => string {
  const { specs } = use(OrderContext);
  const own = useOwnWords();
  return (name) => {
    const spec = specs.find((known) => known.name === name);
    return spec === undefined ? name : own(spec.label);
  };
}
