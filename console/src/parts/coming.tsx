import type { ReactNode } from 'react';
import { EmptyState } from './empty-state.tsx';
import { PageHead } from './page-head.tsx';

/** Stands in for a page that is not written yet and says what it will show. */
export function Coming({ title, what }: { readonly title: string; readonly what: string }): ReactNode {
  return (
    <>
      <PageHead title={title} />
      <EmptyState title={title} hint={what} />
    </>
  );
}
