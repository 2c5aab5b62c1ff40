import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestHub } from '../../../test/kit/context.ts';
import type { TestHub } from '../../../test/kit/context.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import { sign } from './signature.ts';

const ACCOUNT = 'em-main';
const SECRET = 'HUBSECRET01';
let hub: TestHub;

before(async () => {
  hub = await createTestHub();
  await hub.addAccount(ACCOUNT, 'em', { appid: 'HUBAPP01', appSecret: SECRET });
});
after(() => hub.close());

async function send(status: number, timestampS: number): Promise<{ readonly body: string; readonly verdict: string }> {
  const data = JSON.stringify({ notify_type: 'OUT_TRADE_AUDIT', trade_no: 'DD202611010001', trade_status: status });
  const fields = { appid: 'HUBAPP01', request_data: data, timestamp: String(timestampS) };
  const body = JSON.stringify({ ...fields, sign: sign(fields, SECRET, 'secret-wrap-kv-lower') });
  const account = await hub.accounts.find(ACCOUNT);
  assert.ok(account !== undefined);
  const { reply, verdict } = await hub.take(account, { ...callbackRequest({ body }), receivedAt: timestampS * 1000 });
  return { body: reply.body, verdict };
}

test('an approval sent every 30 s for an hour with renewed timestamps is answered each time and makes one event', async () => {
  const startS = Math.floor(Date.now() / 1000);
  const verdicts: string[] = [];
  for (let again = 0; again <= 120; again += 1) {
    const { body, verdict } = await send(2, startS + again * 30);
    assert.equal(body, 'SUCCESS');
    verdicts.push(verdict);
  }
  assert.equal(verdicts[0], 'applied');
  assert.deepEqual([...new Set(verdicts.slice(1))], ['duplicate']);
  // What waited while the order was already approved changes nothing that anyone sees.
  assert.equal((await send(1, startS + 3_700)).body, 'SUCCESS');
  const { rows: events } = await hub.database.pool.query('select type from events where account_id = $1', [ACCOUNT]);
  assert.deepEqual(events, [{ type: 'order.accepted' }]);
  const { rows: receipts } = await hub.database.pool.query('select 1 from receipts where account_id = $1', [ACCOUNT]);
  assert.equal(receipts.length, 122);
});
