import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY, createTestApi } from '../../test/kit/api.ts';
import type { TestApi } from '../../test/kit/api.ts';
import { machinePlatform, payPlatform, startMakingServer } from '../../test/kit/making-platform.ts';
import type { MakingServer } from '../../test/kit/making-platform.ts';
import { createActGate } from '../hub/act-gate.ts';
import { runDueActions } from '../hub/act-run.ts';
import { createRegistry } from '../hub/context.ts';
import { startDueWork } from '../hub/due-work.ts';
import { runCommand } from './main.ts';

let api: TestApi;
let platform: MakingServer;
let work: ReturnType<typeof startDueWork>;
let folder: string;
let environment: Record<string, string>;

before(async () => {
  platform = await startMakingServer();
  api = await createTestApi(
    { registry: createRegistry([machinePlatform, payPlatform]) },
    { allowPrivateTargets: true },
  );
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'huidan-cli-'));
  const { port } = api.app.server.address() as AddressInfo;
  environment = { HUIDAN_PORT: String(port), HUIDAN_ADMIN_KEY: ADMIN_KEY, HUIDAN_DATA_DIR: folder };
  for (const [id, name] of [
    ['vm-1', 'test-machine'],
    ['dy-1', 'test-pay'],
  ] as const) {
    const credentials = { developerId: '1', signKey: 'k' };
    const body = { id, platform: name, name: id, credentials, settings: { baseUrl: platform.url } };
    assert.equal((await api.call('POST', '/api/v1/accounts', { body })).status, 201);
  }
  const gate = createActGate();
  const { ctx, accounts } = api.hub;
  work = startDueWork(ctx, [{ name: 'actions', run: () => runDueActions(ctx, { accounts, gate }) }]);
});
after(async () => {
  await work.stop();
  await platform.close();
  await api.close();
  await rm(folder, { recursive: true });
});

async function huidan(
  ...argv: readonly string[]
): Promise<{ readonly code: number | undefined; readonly text: string }> {
  let text = '';
  const say = (part: string): void => {
    text += part;
  };
  const code = await runCommand({ out: say, note: say, environment, ask: undefined }, argv);
  return { code, text };
}

const NUMBER = '20261120000000000001';

test('an order is made with its payment, shown with its checkout, and the same command makes no second', async () => {
  const fields = '{"machineNo":"10000001","amount":350}';
  const command = ['orders', 'create', 'vm-1', NUMBER, '--fields', fields] as const;
  const payment = ['--payment', 'dy-1', '--payment-fields', '{"subject":"cola"}'] as const;
  const made = await huidan(...command, ...payment);
  assert.equal(made.code, undefined, made.text);
  assert.match(made.text, /pending/u);
  assert.match(made.text, /held until/u);
  assert.match(made.text, /"orderToken":"tok-secret"/u);
  const again = JSON.parse((await huidan(...command, ...payment, '--json')).text) as { id: string; checkout: object };
  assert.equal(platform.calls.filter(({ path }) => path === '/create').length, 2);
  const checkout = JSON.parse((await huidan('orders', 'checkout', again.id)).text) as { checkout: object };
  assert.deepEqual(checkout.checkout, again.checkout);
  const refused = await huidan(...command, '--payment', 'dy-1');
  assert.equal(refused.code, 1);
  assert.match(refused.text, /order_exists/u);
});

test('an order is taken in, and what became of an action is said by hand', async () => {
  const adopted = await huidan(
    ...['orders', 'adopt', 'dy-1', '--merchant-order-id', '20261120000000000002', '--json'],
    ...['--fields', '{"subject":"cola","amount":100}'],
  );
  assert.equal(adopted.code, undefined, adopted.text);
  const { id } = JSON.parse(adopted.text) as { id: string };
  platform.next('/accept', 'done-but-silent');
  const asked = await huidan('actions', 'act', id, 'accept', '--json');
  const action = (JSON.parse(asked.text) as { id: string }).id;
  // It is queued, then under way, and only then nobody's: each refusal says to try again.
  const settle = () => huidan('actions', 'settle', action, 'succeeded', '--reason', 'seen');
  let settled = await settle();
  for (const until = Date.now() + 20_000; settled.code !== undefined && Date.now() < until; settled = await settle())
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(settled.text, `${action} succeeded\n`);
});

test('a wrong command line says what is wrong', async () => {
  for (const [words, expected] of [
    [['orders', 'create', 'vm-1'], /NUMBER is missing/u],
    [['orders', 'create', 'vm-1', '1', '--fields', '[1]'], /--fields is a JSON object/u],
    [['orders', 'create', 'vm-1', '1', '--payment-fields', '{}'], /wants --payment/u],
    [['actions', 'settle', 'act_1', 'done', '--reason', 'x'], /OUTCOME is succeeded or failed/u],
    [['actions', 'settle', 'act_1', 'failed'], /--reason TEXT is missing/u],
  ] as const) {
    const { code, text } = await huidan(...words);
    assert.equal(code, 2, text);
    assert.match(text, expected);
  }
});
