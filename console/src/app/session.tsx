import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, lazy, use, useEffect } from 'react';
import type { ReactNode } from 'react';
import { readMe } from '../api/me.ts';
import type { Me, Right } from '../api/me.ts';
import { ApiError } from '../api/problem.ts';
import { onSignedOut } from '../api/request.ts';
import { ErrorState } from '../parts/error-state.tsx';
import { Loading } from '../parts/loading.tsx';

const SignIn = lazy(async () => ({ default: (await import('../pages/sign-in/index.tsx')).SignIn }));
const MeContext = createContext<Me | null>(null);
const RANK: Readonly<Record<Right, number>> = { read: 0, write: 1, admin: 2 };

/** Who is signed in. Only below `SignedIn`. */
export function useMe(): Me {
  const me = use(MeContext);
  if (me === null) throw new Error('Nobody is signed in here.');
  return me;
}

/** Whether the API would let this person do it; the API decides all the same. */
export const useMay = (right: Right): boolean => RANK[useMe().right] >= RANK[right];

/** Shows its children to whoever is signed in, and the sign-in page to everybody else, at the same address. */
export function SignedIn({ children }: { readonly children: ReactNode }): ReactNode {
  const client = useQueryClient();
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => readMe(signal), retry: retryUnlessSignedOut });
  useEffect(() => onSignedOut(() => client.setQueryData(['me'], null)), [client]);

  if (me.data === null || (me.error instanceof ApiError && me.error.status === 401)) {
    return <SignIn onSignedIn={() => void client.resetQueries()} />;
  }
  if (me.error !== null && me.data === undefined) {
    return <ErrorState error={me.error} retry={() => void me.refetch()} isWhole />;
  }
  if (me.data === undefined) return <Loading isWhole />;
  return <MeContext value={me.data}>{children}</MeContext>;
}

function retryUnlessSignedOut(count: number, error: Error): boolean {
  return count < 3 && !(error instanceof ApiError && error.status >= 400 && error.status < 500);
}
