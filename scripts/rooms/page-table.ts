// node scripts/rooms/page-table.ts   writes the table of rooms into docs/architecture.md, between its two marks
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Room, type RoomTable, type Without, roomTable } from './rooms.ts';

const WITHOUT_WORDS: Readonly<Record<Without, string>> = {
  clock: 'clock',
  chance: 'randomness',
  environment: '`process.env`',
  process: '`process`',
  io: 'network, timers, console',
};

export const pagePath = join(import.meta.dirname, '..', '..', 'docs', 'architecture.md');

/** The text between the marks; throws where the page has lost them. */
export function markedPart(page: string): { readonly before: string; readonly part: string; readonly after: string } {
  const parts = /^([^]*<!-- rooms -->\n)([^]*)(<!-- \/rooms -->[^]*)$/.exec(page);
  if (parts === null) throw new Error('docs/architecture.md needs the lines <!-- rooms --> and <!-- /rooms -->');
  const [, before = '', part = '', after = ''] = parts;
  return { before, part, after };
}

export function tableText(table: RoomTable = roomTable): string {
  const rows = Object.entries(table.rooms).map(([name, room]) => [
    `\`${name}\``,
    roomWords(room),
    codeList(room.packages),
    codeList(room.builtins),
    room.without.map((what) => WITHOUT_WORDS[what]).join(', '),
  ]);
  const head = ['room', 'imports from rooms', 'packages', "Node's modules", 'does without'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function roomWords(room: Room): string {
  const words = [
    ...room.rooms.map((name) => `\`${name}\``),
    ...(room.typesOf ?? []).map((name) => `\`${name}\` (types only)`),
    ...(room.dynamicRooms ?? []).map((name) => `\`${name}\` (by \`import()\` only)`),
  ];
  return words.length === 0 ? '–' : words.join(', ');
}

function codeList(names: readonly string[]): string {
  if (names.length === 0) return '–';
  return names.map((name) => (name === '*' || name === 'node:*' ? 'any' : `\`${name}\``)).join(', ');
}

if (import.meta.main) {
  const { before, after } = markedPart(readFileSync(pagePath, 'utf8'));
  writeFileSync(pagePath, before + tableText() + after);
}
