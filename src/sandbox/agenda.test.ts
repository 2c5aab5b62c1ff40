import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAgenda } from './agenda.ts';

const wallClock = (): number => performance.now();

test('what is due runs in the order of its times, whatever order it was entered in', async () => {
  // All entered at one time, however busy the machine is.
  let startMs: number | undefined = wallClock();
  const agenda = createAgenda(1000, () => startMs ?? wallClock());
  const ran: number[] = [];
  for (const ms of [9000, 2000, 7000, 1000, 5000, 5001]) agenda.after(ms, () => ran.push(ms));
  startMs = undefined;
  while (ran.length < 6) await sleep(5);
  assert.deepEqual(ran, [1000, 2000, 5000, 5001, 7000, 9000]);
  agenda.stop();
});

test('a faster clock brings forward what waits', async () => {
  const agenda = createAgenda(1, wallClock);
  let ran = false;
  agenda.after(3_600_000, () => {
    ran = true;
  });
  await sleep(10);
  assert.equal(ran, false);
  agenda.setSpeed(1e9);
  await sleep(30);
  assert.equal(ran, true);
  agenda.stop();
});

test('a hurried clock keeps the order, waits for its gate and never cuts a floor short', async () => {
  let open = false;
  const agenda = createAgenda(1, wallClock, () => open);
  const ran: string[] = [];
  agenda.after(2_000_000, () => ran.push('late'));
  agenda.after(1_000_000, () => {
    ran.push('early');
    agenda.after(500_000, () => ran.push('between'));
  });
  agenda.after(0, () => ran.push('floored'), 120);
  agenda.hurry(true);
  await sleep(40);
  assert.deepEqual(ran, []);
  open = true;
  await sleep(60);
  assert.deepEqual(ran, ['early', 'between', 'late']);
  assert.equal(agenda.size(), 1);
  await sleep(120);
  assert.deepEqual(ran.at(-1), 'floored');
  agenda.stop();
});
