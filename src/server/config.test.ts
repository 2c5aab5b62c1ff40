import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HuidanError } from '../core/errors.ts';
import { explainConfig, readConfig } from './config.ts';

function faultsOf(environment: Record<string, string>): HuidanError['fields'] {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof HuidanError);
    assert.equal(error.code, 'config_invalid');
    return error.fields;
  }
  return [];
}

test('an empty environment gives the documented defaults', () => {
  const config = readConfig({ PATH: '/bin' });
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 8420);
  assert.equal(config.publicUrl, undefined);
  assert.equal(config.databaseUrl, undefined);
  assert.equal(config.adminKey, undefined);
  assert.equal(config.trustProxy, false);
  assert.equal(config.masterKey, undefined);
  assert.equal(config.allowPrivateTargets, false);
  assert.equal(config.bodyLimitBytes, 1_048_576);
  assert.equal(config.logLevel, 'info');
});

test('all faults are named in one message', () => {
  const environment = {
    HUIDAN_PORT: '84200',
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'yes',
    HUIDAN_TRUST_PROXY: 'true',
    HUIDAN_PUBLIC_URL: 'hub.example.com',
    DATABASE_URL: 'mysql://localhost/huidan',
    HUIDAN_MASTER_KEY: 'secret',
    HUIDAN_LOG_LEVEL: 'loud',
    HUIDAN_DATA_DIR: '',
    HUIDAN_HOST: 'my host',
  };
  assert.deepEqual(new Set(faultsOf(environment).map((fault) => fault.field)), new Set(Object.keys(environment)));
  assert.throws(
    () => readConfig(environment),
    (error: Error) => Object.keys(environment).every((name) => error.message.includes(name)),
  );
});

test('an unknown HUIDAN_ name is refused with the nearest known one', () => {
  const [fault] = faultsOf({ HUIDAN_PROT: '1' });
  assert.match(fault?.message ?? '', /did you mean HUIDAN_PORT\?/u);
  assert.equal(faultsOf({ HUIDAN_SOMETHING_ELSE_ALTOGETHER: '1' }).length, 1);
  assert.deepEqual(faultsOf({ HUIDANX: '1', OTHER: '2' }), []);
});

test('no fault repeats a secret', () => {
  for (const [name, value] of [
    ['HUIDAN_ADMIN_KEY', 'hunter2'],
    ['HUIDAN_MASTER_KEY', 'hunter2hunter2'],
    ['DATABASE_URL', 'mysql://u:hunter2@h/d'],
  ] as const) {
    const [fault] = faultsOf({ [name]: value });
    assert.ok(fault !== undefined);
    assert.ok(!fault.message.includes('hunter2'), fault.message);
  }
});

test('numbers must be plain digits in range and booleans true or false', () => {
  for (const port of ['0x50', '1e3', ' 80', '-1', '65536', '80.0'])
    assert.equal(faultsOf({ HUIDAN_PORT: port }).length, 1, port);
  for (const port of ['0', '80', '65535']) assert.equal(faultsOf({ HUIDAN_PORT: port }).length, 0, port);
  for (const flag of ['1', 'True', 'on'])
    assert.equal(faultsOf({ HUIDAN_ALLOW_PRIVATE_TARGETS: flag }).length, 1, flag);
});

test('the master key is read from hexadecimal digits and from base64', () => {
  const key = Buffer.alloc(32, 0xfb);
  for (const text of [key.toString('hex'), key.toString('base64'), key.toString('base64url')]) {
    assert.deepEqual(readConfig({ HUIDAN_MASTER_KEY: text }).masterKey, key);
  }
});

test('proxies are addresses and networks', () => {
  assert.deepEqual(readConfig({ HUIDAN_TRUST_PROXY: '10.0.0.0/8, ::1' }).trustProxy, ['10.0.0.0/8', '::1']);
  for (const text of ['proxy.local', '10.0.0.0/33', '10.0.0.1,,', '::1/129']) {
    assert.equal(faultsOf({ HUIDAN_TRUST_PROXY: text }).length, 1, text);
  }
});

test('an option beats the environment, which beats what the command wants', () => {
  const layers = {
    command: { HUIDAN_PORT: '1', HUIDAN_ALLOW_PRIVATE_TARGETS: 'true' },
    options: { HUIDAN_HOST: '::1' },
  };
  const config = readConfig({ HUIDAN_PORT: '2', HUIDAN_HOST: '0.0.0.0' }, layers);
  assert.deepEqual([config.port, config.host, config.allowPrivateTargets], [2, '::1', true]);
  const sources = new Map(explainConfig({ HUIDAN_PORT: '2' }, layers).map((row) => [row.name, row.source]));
  assert.equal(sources.get('HUIDAN_PORT'), 'environment');
  assert.equal(sources.get('HUIDAN_HOST'), 'option');
  assert.equal(sources.get('HUIDAN_ALLOW_PRIVATE_TARGETS'), 'command');
  assert.equal(sources.get('HUIDAN_DATA_DIR'), 'default');
});

test('explaining the configuration masks secrets', () => {
  const rows = explainConfig({
    HUIDAN_ADMIN_KEY: 'hdk_very-secret',
    DATABASE_URL: 'postgres://me:hunter2@db:5432/huidan',
  });
  const value = (name: string): string | null | undefined => rows.find((row) => row.name === name)?.value;
  assert.equal(value('HUIDAN_ADMIN_KEY'), '********');
  assert.equal(value('DATABASE_URL'), 'postgres://me:********@db:5432/huidan');
  assert.equal(value('HUIDAN_MASTER_KEY'), null);
});
