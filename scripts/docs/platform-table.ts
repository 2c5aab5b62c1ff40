// node scripts/docs/platform-table.ts   writes the table of platforms into both READMEs, between its two marks
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectors } from '../../src/connectors/registry.ts';
import type { Connector } from '../../src/core/connector.ts';
import type { OrderKind } from '../../src/core/fact.ts';

export type Language = 'en' | 'zh';

const rootDir = join(import.meta.dirname, '..', '..');

export const readmePaths: Readonly<Record<Language, string>> = {
  en: join(rootDir, 'README.md'),
  zh: join(rootDir, 'README.zh-CN.md'),
};

interface Words {
  readonly head: readonly string[];
  readonly kinds: Readonly<Record<OrderKind, string>>;
  readonly binding: Readonly<Record<'link' | 'oauth', string>>;
  readonly tokenAddress: string;
  readonly links: string;
  readonly actions: string;
  readonly none: string;
  addresses(count: number): string;
  readonly comma: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    head: ['platform', 'id', 'orders', 'callbacks in', 'store binding', 'order read again', 'sandbox', 'calls out'],
    kinds: {
      cps: 'CPS',
      takeaway: 'takeaway',
      payment: 'payment',
      vending: 'vending',
      supply: 'supply',
      stock_in: 'stock-in',
    },
    binding: { link: 'by link', oauth: 'by OAuth' },
    tokenAddress: 'an address an order',
    links: 'promotion links',
    actions: 'actions',
    none: 'not yet',
    addresses: (count) => (count === 1 ? 'one address' : `${count} addresses`),
    comma: ', ',
  },
  zh: {
    head: ['平台', 'id', '订单', '接收回调', '门店绑定', '回查订单', '沙箱', '主动调用'],
    kinds: {
      cps: 'CPS',
      takeaway: '外卖',
      payment: '支付',
      vending: '售货机',
      supply: '出库',
      stock_in: '入库',
    },
    binding: { link: '链接', oauth: 'OAuth' },
    tokenAddress: '每单一个地址',
    links: '推广链接',
    actions: '订单操作',
    none: '尚无',
    addresses: (count) => `${count} 个地址`,
    comma: '、',
  },
};

/** Platforms that the design names and the registry may not have yet. */
const DESIGNED: readonly { readonly id: string; readonly label: Readonly<Record<Language, string>> }[] = [
  { id: 'meituan-union', label: { en: 'Meituan Union', zh: '美团联盟' } },
  { id: 'meituan-waimai', label: { en: 'Meituan Waimai', zh: '美团外卖' } },
  { id: 'eleme', label: { en: 'Ele.me', zh: '饿了么' } },
  { id: 'douyin', label: { en: 'Douyin mini-program', zh: '抖音小程序' } },
  { id: 'em', label: { en: 'EM supply system', zh: 'EM 系统' } },
  { id: 'vending', label: { en: 'Vending machines', zh: '售货机' } },
  { id: 'custom', label: { en: 'Your own code', zh: '自有系统' } },
];

/** The text between the marks; throws where a page has lost them. */
export function markedPart(page: string): { readonly before: string; readonly part: string; readonly after: string } {
  const parts = /^([^]*<!-- platforms: [^\n]*-->\n\n)([^]*)(\n<!-- \/platforms -->[^]*)$/u.exec(page);
  if (parts === null) throw new Error('the README needs the lines <!-- platforms: … --> and <!-- /platforms -->');
  const [, before = '', part = '', after = ''] = parts;
  return { before, part, after };
}

/** The table as the registry makes it. The last column names the calls that make or change something at a platform. */
export function platformTable(language: Language): string {
  const words = WORDS[language];
  const missing = DESIGNED.filter(({ id }) => !connectors.some((connector) => connector.id === id));
  const rows = [
    ...connectors.map((connector) => rowOf(connector, language)),
    ...missing.map(({ id, label }) => [label[language], `\`${id}\``, ...Array<string>(6).fill(words.none)]),
  ];
  const lines = [words.head, words.head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function rowOf(connector: Connector, language: Language): readonly string[] {
  const { id, label, orderKinds, topics, binding, readTruth } = connector;
  const words = WORDS[language];
  return [
    `[${label[language]}](src/connectors/${id}/README.md)`,
    `\`${id}\``,
    orderKinds.map((kind) => words.kinds[kind]).join(words.comma),
    topics === 'token' ? words.tokenAddress : words.addresses(topics.length),
    binding === undefined ? '–' : words.binding[binding.style],
    readTruth === undefined ? '–' : '✓',
    '✓',
    callsOf(connector, words),
  ];
}

function callsOf({ actions, makeLink }: Connector, words: Words): string {
  const calls = [
    ...(makeLink === undefined ? [] : [words.links]),
    ...(actions === undefined
      ? []
      : [`${actions.specs.filter(({ internal }) => internal !== true).length} ${words.actions}`]),
  ];
  return calls.length === 0 ? words.none : calls.join(words.comma);
}

if (import.meta.main) {
  for (const [language, path] of Object.entries(readmePaths)) {
    const { before, after } = markedPart(readFileSync(path, 'utf8'));
    writeFileSync(path, before + platformTable(language as Language) + after);
  }
}
