import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { markedPart, pagePath, tableText } from './page-table.ts';
import { roomTable } from './rooms.ts';

test('the architecture page shows the table that the linter enforces', () => {
  const { part } = markedPart(readFileSync(pagePath, 'utf8'));
  assert.equal(part, tableText(), 'run: node scripts/rooms/page-table.ts');
});

test('every room and every permission is in the table', () => {
  const text = tableText();
  for (const [name, room] of Object.entries(roomTable.rooms)) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    for (const word of [...room.rooms, ...(room.typesOf ?? []), ...(room.dynamicRooms ?? [])]) {
      assert.ok(row.includes(`\`${word}\``), `${name}: ${word}`);
    }
  }
});
