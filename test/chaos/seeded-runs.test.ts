import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../src/core/json.ts';
import { chaosRun } from '../kit/chaos-run.ts';

/** What was drawn in a run, by name. */
async function decisionsOf(seed: string): Promise<ReadonlyMap<string, Json>> {
  const decisions = new Map<string, Json>();
  const onDecision = (name: string, decision: Json): void => {
    assert.ok(!decisions.has(name), `${name} was drawn twice`);
    decisions.set(name, decision);
  };
  // What became of it is shown by the other runs; here it is enough that everything was told, and that the hub has asked.
  await chaosRun({ seed, seconds: 3, rate: 20, orderLimit: 40, drainMs: 15_000, verifyMs: 1000, onDecision });
  return decisions;
}

test('two runs of one seed tell the same stories, lose the same callbacks and meet the same faults, however they interleave', async (t) => {
  const [first, second] = await Promise.all([decisionsOf('7'), decisionsOf('7')]);
  const common = (a: ReadonlyMap<string, Json>, b: ReadonlyMap<string, Json>, kind: RegExp) =>
    [...a.keys()].filter((name) => kind.test(name) && b.has(name));
  const stories = /\/chaos\/\d+$/u;
  const inStories = (decisions: ReadonlyMap<string, Json>) =>
    [...decisions].filter(([name]) => stories.test(name)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  assert.ok(inStories(first).length > 30);
  assert.deepEqual(inStories(first), inStories(second), 'every callback of every story');
  // What the hub asks, and how often, follows its own clock; of all that both runs asked the same became.
  for (const kind of [/^set-off\//u, /^fault\//u]) {
    const names = common(first, second, kind);
    t.diagnostic(
      `${kind.source}: ${names.length} drawn in both, of ${[...first.keys()].filter((name) => kind.test(name)).length}`,
    );
    assert.ok(names.length >= 5);
    assert.deepEqual(
      names.map((name) => [name, first.get(name) ?? null]),
      names.map((name) => [name, second.get(name) ?? null]),
    );
  }
});
