import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountField } from '../../src/core/account-fields.ts';
import { CALL_SETTINGS } from '../../src/core/common-settings.ts';
import type { Connector } from '../../src/core/connector.ts';

/** Names of the body of `POST /api/v1/orders` and `/orders/adopt` that are the hub's own. */
const OWN_NAMES = new Set(['account', 'merchantOrderId', 'payment', 'store']);

/** What holds for every connector by which something can be done at its platform. Runs inside its shared suite. */
export function actingSuite({ account, actions, creation, accessTokens }: Connector): void {
  if (actions === undefined) return;
  const specOf = (name: string) => actions.specs.find((spec) => spec.name === name);

  test('what can be done is declared once, in both languages, with the settings of how fast it may be', () => {
    const names = actions.specs.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { label, params } of actions.specs) {
      assert.ok(label.en !== '' && label.zh !== '');
      checkFields(params);
    }
    for (const { name } of CALL_SETTINGS)
      assert.ok(
        account.settings.some((setting) => setting.name === name),
        name,
      );
  });

  test('what an action wants of the hub or of its connector is there', () => {
    for (const { name, atOnce = false, needsAccessToken = false } of actions.specs) {
      if (atOnce !== false) assert.ok(actions.doAtOnce !== undefined, `${name} is done at once by nobody`);
      if (needsAccessToken !== false)
        assert.ok(accessTokens !== undefined, `${name} wants a token that nobody fetches`);
    }
    assert.equal(actions.prepareQuestion === undefined, actions.concludeQuestion === undefined);
  });

  if (creation === undefined) return;
  test('orders are made by an internal action, and its fields are none of the hub’s own', () => {
    assert.equal(specOf('create')?.internal, true);
    const adoptFields = creation.adoptFields ?? [];
    for (const fields of [creation.fields, adoptFields]) {
      checkFields(fields);
      for (const { name } of fields) assert.ok(!OWN_NAMES.has(name), `${name} is the hub's own`);
    }
    if (specOf('adopt') !== undefined) assert.equal(specOf('adopt')?.internal, true);
    if (specOf('close') !== undefined) assert.equal(specOf('close')?.internal, true);
  });
}

function checkFields(fields: readonly AccountField[]): void {
  assert.equal(new Set(fields.map(({ name }) => name)).size, fields.length);
  for (const { name, label } of fields) assert.ok(label.en !== '' && label.zh !== '', name);
}
