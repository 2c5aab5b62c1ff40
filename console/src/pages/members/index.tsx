import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { Route, Routes, useNavigate } from 'react-router';
import { useWords } from '../../app/language.ts';
import { PageHead } from '../../parts/page-head.tsx';
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
  const navigate = useNavigate();
  const Content = CONTENTS[tab];
  return (
    <>
      <PageHead title={words.title} hint={words.what} />
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === 'members' ? '/members' : `/members/${key}`)}
        items={TABS.map((key) => ({ key, label: words.tabs[key], children: key === tab ? <Content /> : null }))}
      />
    </>
  );
}
