import assert from 'node:assert/strict';
import type { Connector } from '../../src/core/connector.ts';
import { reportKey } from '../../src/core/fact.ts';
import type { Report } from '../../src/core/fact.ts';
import { isStorableText } from '../../src/core/json.ts';
import { plausibleTime } from '../../src/core/time.ts';
import type { AccountWords } from './account-view.ts';
import { modelOf } from './connector-ear.ts';
import type { Outcome } from './connector-ear.ts';

/** No text that people or logs will see may hold a credential. Short ones, such as numbers of a shop, prove nothing. */
export function assertSilentAboutSecrets(outcome: Outcome, { credentials }: AccountWords): void {
  const text = outcome.kind === 'refused' ? outcome.detail : outcome.kind === 'unrecognised' ? outcome.reason : '';
  if (outcome.kind === 'refused' || outcome.kind === 'unrecognised') assert.notEqual(text, '', 'a reason is given');
  assert.ok(isStorableText(text), 'the reason can be stored');
  for (const [name, value] of Object.entries(credentials)) {
    for (const secret of typeof value === 'string' ? [value] : value) {
      assert.ok(secret.length < 8 || !text.includes(secret), `the reason tells ${name}`);
    }
  }
}

const TIME_REGISTERS: ReadonlySet<string> = new Set([
  'placedAt',
  'paidAt',
  'completedAt',
  'closedAt',
  'acceptBy',
  'expiresAt',
]);

/** What PostgreSQL, JSON and a date can hold, so that one report never fails its neighbours' transaction. */
export function assertStorable(connector: Connector, reports: readonly Report[]): void {
  for (const report of reports) {
    assert.ok(report.at === null || plausibleTime(report.at) === report.at, 'the time of the report is plausible');
    for (const { value } of report.aliases) assert.ok(value !== '' && value.length <= 200 && isStorableText(value));
    for (const { line, register, value } of report.facts) {
      assert.ok(connector.registers[register] !== undefined, `register ${register} has no declared order`);
      assert.ok(isStorableText(line));
      assertPlain(value, register);
      if (TIME_REGISTERS.has(register)) assert.equal(plausibleTime(value as number), value, register);
      if (register.startsWith('money.')) assert.ok(Number.isSafeInteger(value), register);
    }
    reportKey(report);
  }
  assert.doesNotThrow(() => reports.map((report) => modelOf(connector, [report]).order(report.aliases[0].value)));
}

function assertPlain(value: unknown, where: string): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${where} is not a finite number`);
  else if (typeof value === 'string') assert.ok(isStorableText(value), `${where} cannot be stored`);
  else if (Array.isArray(value)) for (const item of value) assertPlain(item, where);
  else {
    assert.equal(typeof value, 'object', `${where} is not plain JSON`);
    for (const [name, item] of Object.entries(value as object)) {
      assert.ok(isStorableText(name));
      assertPlain(item, `${where}.${name}`);
    }
  }
}
