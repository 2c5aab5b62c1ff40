import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectors } from '../../src/connectors/registry.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { accountView } from '../kit/account-view.ts';
import { ask } from '../kit/doctor.ts';

const START = Date.UTC(2026, 10, 1);

for (const connector of connectors) {
  const { doctor, sandbox } = connector;
  if (doctor === undefined || doctor.unsigned?.in !== undefined) continue;

  test(`${connector.id}: what the played platform signs verifies as it is for the doctor too`, () => {
    const random = seededRandom(`doctor/${connector.id}`);
    const demo = sandbox.demoAccount(random, 'http://platform.invalid');
    const account = accountView(connector, demo);
    let asked = 0;
    for (let number = 1; number <= 12; number += 1) {
      const memory = {};
      for (const step of sandbox.tell(random, number, START).steps) {
        const { headers, body } = step.callback(START, account, memory);
        const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
        const { matches, advice } = ask({ platform: connector.id, account: demo.credentials, headers: lower, body });
        assert.deepEqual(matches[0]?.deviations, [], `${advice.en}\n${body}`);
        assert.equal(matches[0]?.scheme.platform, connector.id);
        asked += 1;
      }
    }
    assert.ok(asked >= 12);
  });
}
