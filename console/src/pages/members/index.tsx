import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { useWords } from '../../app/language.ts';
import { PageHead } from '../../parts/page-head.tsx';
import { TabLinks } from '../../parts/tab-links.tsx';
import { MemberList } from './member-list.tsx';
import { MemberView } from './member-view.tsx';
import { PayoutList } from './payout-list.tsx';
import { PayoutView } from './payout-view.tsx';
import { Plans } from './plans.tsx';
import { membersWords } from './words.ts';

const TABS = ['members', 'plans', 'payouts'] as const;
type Tab = (typeof TABS)[number];

export function Page(): ReactNode {
  return (
    <Routes>
      <Route index element={<Tabbed tab="members" />} />
      <Route path="plans" element={<Tabbed tab="plans" />} />
      <Route path="payouts" element={<Tabbed tab="payouts" />} />
      <Route path="payouts/:id" element={<PayoutView />} />
      <Route path="member/:id" element={<MemberView />} />
    </Routes>
  );
}

const CONTENTS: Readonly<Record<Tab, () => ReactNode>> = { members: MemberList, plans: Plans, payouts: PayoutList };

function Tabbed({ tab }: { readonly tab: Tab }): ReactNode {
  const words = useWords(membersWords);
  const Content = CONTENTS[tab];
  return (
    <>
      <PageHead title={words.title} hint={words.what} />
      <TabLinks
        label={words.title}
        links={TABS.map((name) => ({
          to: name === 'members' ? '/members' : `/members/${name}`,
          label: words.tabs[name],
        }))}
      />
      <Content />
    </>
  );
}
