import { Suspense } from 'react';
import type { ReactNode } from 'react';
import { Navigate, Outlet, createBrowserRouter } from 'react-router';
import type { RouteObject } from 'react-router';
import { ErrorBoundary } from '../parts/error-boundary.tsx';
import { Loading } from '../parts/loading.tsx';
import { NotFound } from './not-found.tsx';
import { PAGES } from './pages.ts';
import { SignedIn } from './session.tsx';
import { Shell } from './shell.tsx';

const pages: RouteObject[] = PAGES.map(({ id, load }) => ({
  // Below it the page itself decides: `useParams()['*']` or `<Routes>`.
  path: `${id}/*`,
  lazy: async () => ({ Component: (await load()).Page }),
  ErrorBoundary,
}));

function Inside(): ReactNode {
  return (
    <SignedIn>
      <Shell>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </Shell>
    </SignedIn>
  );
}

export const router = createBrowserRouter(
  [
    {
      path: '/welcome',
      lazy: async () => ({ Component: (await import('../pages/sign-in/welcome.tsx')).Welcome }),
      ErrorBoundary,
      HydrateFallback: WholeLoading,
    },
    {
      path: '/',
      Component: Inside,
      ErrorBoundary,
      HydrateFallback: WholeLoading,
      children: [
        { index: true, element: <Navigate to="/board" replace /> },
        ...pages,
        { path: '*', Component: NotFound },
      ],
    },
  ],
  { basename: '/console' },
);

function WholeLoading(): ReactNode {
  return <Loading isWhole />;
}
