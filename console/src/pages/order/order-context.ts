import { createContext, use } from 'react';
import type { OrderKind } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { useActionName, useTopicName } from '../../parts/platform-badge.tsx';

/** What the parts of the page know of the order without being told. */
export const OrderContext = createContext<{
  readonly platform: string;
  readonly kind: OrderKind | undefined;
  readonly specs: readonly ActionSpec[];
}>({
  platform: '',
  kind: undefined,
  specs: [],
});

export const useOrderKind = (): OrderKind | undefined => use(OrderContext).kind;

/** What a callback of the order's platform is called. */
export function useTopicLabel(): (topic: string) => string {
  const { platform } = use(OrderContext);
  const name = useTopicName();
  return (topic) => name(platform, topic);
}

/** What an action is called; the hub's own ones by their name. */
export function useActionLabel(): (name: string) => string {
  const { platform } = use(OrderContext);
  return useActionName(platform);
}
