import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withDefaults } from './account-fields.ts';
import type { AccountSpec } from './account-fields.ts';

test('settings that were not given have their defaults, and given ones stand', () => {
  const words = { label: { en: 'x', zh: 'x' }, help: { en: 'x', zh: 'x' }, required: false };
  const spec: AccountSpec = {
    callbackSecrets: [],
    credentials: [],
    settings: [
      { name: 'baseUrl', kind: 'url', default: 'https://example.com', ...words },
      { name: 'strict', kind: 'boolean', default: true, ...words },
      { name: 'shop', kind: 'text', maxLength: 10, ...words },
    ],
  };
  assert.deepEqual(withDefaults(spec, {}), { baseUrl: 'https://example.com', strict: true });
  assert.deepEqual(withDefaults(spec, { strict: false, shop: 's1' }), {
    baseUrl: 'https://example.com',
    strict: false,
    shop: 's1',
  });
});
