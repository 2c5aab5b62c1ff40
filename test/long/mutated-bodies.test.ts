import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectors } from '../../src/connectors/registry.ts';
import { roundsFrom } from '../kit/long-rounds.ts';

const BODIES = roundsFrom('TEST_MUTATED_BODIES', 100_000);

for (const { id } of connectors) {
  test(`${id} stands ${BODIES} mutated bodies`, async () => {
    const file = fileURLToPath(new URL(`../../src/connectors/${id}/${id}.test.ts`, import.meta.url));
    const env: NodeJS.ProcessEnv = { ...process.env, TEST_MUTATED_BODIES: String(BODIES) };
    // A run inside a run would report to this one instead of judging by itself.
    delete env['NODE_TEST_CONTEXT'];
    const child = spawn(process.execPath, ['--test', file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0, output.slice(-4000));
  });
}
