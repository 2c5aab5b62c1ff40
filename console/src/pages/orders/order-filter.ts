import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { OrderFilter } from '../../api/orders.ts';

/** The filters that the address carries, under the API's names. */
export const FILTER_NAMES = [
  'q',
  'status',
  'platform',
  'kind',
  'flag',
  'account',
  'merchant',
  'shop',
  'store',
  'sid',
  'member',
  'placedFrom',
  'placedTo',
  'legs',
] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/** Behind the button "more". */
export const RARE_FILTERS: readonly FilterName[] = [
  'flag',
  'account',
  'merchant',
  'shop',
  'store',
  'sid',
  'member',
  'placedFrom',
  'placedTo',
  'legs',
];

export interface AddressFilter {
  /** As the address has it: days are days. */
  readonly texts: Readonly<Partial<Record<FilterName, string>>>;
  /** As the API takes it. */
  readonly filter: OrderFilter;
  change(change: Readonly<Partial<Record<FilterName, string | null>>>): void;
  clear(): void;
}

/** In the address, so that a list can be sent to a colleague and the way back leads to it. */
export function useOrderFilter(): AddressFilter {
  const [params, setParams] = useSearchParams();
  return useMemo(() => {
    const texts: Partial<Record<FilterName, string>> = {};
    for (const name of FILTER_NAMES) {
      const text = params.get(name);
      if (text !== null && text !== '') texts[name] = text;
    }
    return {
      texts,
      filter: apiFilter(texts),
      change(change) {
        setParams(
          (before) => {
            const after = new URLSearchParams(before);
            for (const [name, text] of Object.entries(change)) {
              if (text === null || text === '') after.delete(name);
              else after.set(name, text);
            }
            return after;
          },
          { replace: true },
        );
      },
      clear: () => setParams({}, { replace: true }),
    };
  }, [params, setParams]);
}

/** Days are days of Asia/Shanghai, and the last one counts. */
function apiFilter({ placedFrom, placedTo, legs, ...rest }: AddressFilter['texts']): OrderFilter {
  return {
    ...rest,
    ...(placedFrom === undefined ? {} : { placedFrom: new Date(`${placedFrom}T00:00:00+08:00`).toISOString() }),
    ...(placedTo === undefined
      ? {}
      : { placedTo: new Date(Date.parse(`${placedTo}T00:00:00+08:00`) + 86_400_000).toISOString() }),
    ...(legs === undefined ? {} : { legs: true }),
  };
}
