import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawFate, NO_CHAOS, parseChaos } from './chaos.ts';
import { seededRandom } from './seeded-random.ts';

test('chances are read from text, and what is not named is none', () => {
  assert.deepEqual(parseChaos('duplicate=0.3, drop=1'), { duplicate: 0.3, reorder: 0, delay: 0, drop: 1, fault: 0 });
  assert.deepEqual(parseChaos('none'), NO_CHAOS);
  for (const wrong of [
    'duplicate',
    'duplicate=',
    'duplicate=1.1',
    'duplicate=-0.1',
    'explode=0.5',
    'drop=NaN',
    'drop=0.5,',
  ]) {
    assert.throws(() => parseChaos(wrong), { name: 'SandboxError' }, wrong);
  }
});

test('the same seed draws the same fates, another seed others', () => {
  const chaos = parseChaos('duplicate=0.3,reorder=0.3,delay=0.3,drop=0.1');
  const fates = (seed: string): unknown =>
    Array.from({ length: 50 }, (_, index) => drawFate(seededRandom(`${seed}/${index}`), chaos));
  assert.deepEqual(fates('a'), fates('a'));
  assert.notDeepEqual(fates('a'), fates('b'));
});

test('troubles come about as often as their chances say', () => {
  const chaos = parseChaos('duplicate=0.3,reorder=0.2,delay=0.1,drop=0.05');
  const random = seededRandom('often');
  const fates = Array.from({ length: 20_000 }, () => drawFate(random, chaos));
  const share = (holds: (fate: (typeof fates)[number]) => boolean): number => fates.filter(holds).length / fates.length;
  assert.ok(Math.abs(share(({ dropped }) => dropped) - 0.05) < 0.01);
  assert.ok(Math.abs(share(({ heldBack }) => heldBack) - 0.2 * 0.95) < 0.01);
  assert.ok(Math.abs(share(({ delayMs }) => delayMs > 0) - 0.1 * 0.95) < 0.01);
  assert.ok(Math.abs(share(({ repeatsMs }) => repeatsMs.length > 0) - 0.3 * 0.95) < 0.01);
  assert.ok(share(({ repeatsMs }) => repeatsMs.includes(0)) > 0.1, 'some go out at the same moment');
});

test('nothing happens to a callback without chaos', () => {
  const random = seededRandom('calm');
  for (let index = 0; index < 1000; index += 1) {
    assert.deepEqual(drawFate(random, NO_CHAOS), { dropped: false, heldBack: false, delayMs: 0, repeatsMs: [] });
  }
});
