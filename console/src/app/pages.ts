import {
  AlertOutlined,
  ApiOutlined,
  AppstoreOutlined,
  BarChartOutlined,
  CloudDownloadOutlined,
  DeploymentUnitOutlined,
  ProfileOutlined,
  SettingOutlined,
  ShopOutlined,
  TeamOutlined,
} from '@ant-design/icons';
import type { ComponentType } from 'react';
import { dictionary } from './language.ts';

export interface PageEntry {
  readonly id: keyof (typeof pageNames)['zh'];
  readonly icon: ComponentType<{ readonly className?: string | undefined; readonly 'aria-hidden'?: boolean }>;
  /** Shown in the bar at the foot of a phone; the others are behind "more". */
  readonly isMain: boolean;
  /** A line is drawn before it in the navigation. */
  readonly startsGroup?: boolean;
  /** Fetched when it is opened. Below its address the page has routes of its own. */
  load(): Promise<{ readonly Page: ComponentType }>;
}

export const pageNames = dictionary(
  {
    board: '看板',
    orders: '订单',
    attention: '待办',
    overview: '概览',
    callbacks: '回调',
    accounts: '账号门店',
    endpoints: '推送',
    machines: '机器',
    members: '会员佣金',
    settings: '设置',
  },
  {
    board: 'Board',
    orders: 'Orders',
    attention: 'Attention',
    overview: 'Overview',
    callbacks: 'Callbacks',
    accounts: 'Accounts',
    endpoints: 'Endpoints',
    machines: 'Machines',
    members: 'Members',
    settings: 'Settings',
  },
);

/** In the order of the navigation. The address of a page is its id; an order is at `orders/{id}`. */
export const PAGES: readonly PageEntry[] = [
  { id: 'board', icon: AppstoreOutlined, isMain: true, load: () => import('../pages/board/index.tsx') },
  { id: 'orders', icon: ProfileOutlined, isMain: true, load: () => import('../pages/orders/index.tsx') },
  { id: 'attention', icon: AlertOutlined, isMain: true, load: () => import('../pages/attention/index.tsx') },
  { id: 'overview', icon: BarChartOutlined, isMain: true, load: () => import('../pages/overview/index.tsx') },
  {
    id: 'callbacks',
    icon: CloudDownloadOutlined,
    isMain: false,
    startsGroup: true,
    load: () => import('../pages/callbacks/index.tsx'),
  },
  { id: 'accounts', icon: ApiOutlined, isMain: false, load: () => import('../pages/accounts/index.tsx') },
  { id: 'endpoints', icon: DeploymentUnitOutlined, isMain: false, load: () => import('../pages/endpoints/index.tsx') },
  {
    id: 'machines',
    icon: ShopOutlined,
    isMain: false,
    startsGroup: true,
    load: () => import('../pages/machines/index.tsx'),
  },
  { id: 'members', icon: TeamOutlined, isMain: false, load: () => import('../pages/members/index.tsx') },
  {
    id: 'settings',
    icon: SettingOutlined,
    isMain: false,
    startsGroup: true,
    load: () => import('../pages/settings/index.tsx'),
  },
];
