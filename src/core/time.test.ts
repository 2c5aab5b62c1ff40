import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { beijingDay, beijingTime, plausibleTime, rfc3339Time, toBeijingText, toRfc3339, unixTime } from './time.ts';

describe('time', () => {
  test('ten digits are seconds and thirteen are milliseconds', () => {
    assert.equal(unixTime('1700000000'), 1_700_000_000_000);
    assert.equal(unixTime('1700000000123'), 1_700_000_000_123);
  });

  test('what is no plausible Unix time is undefined', () => {
    const wrong = [
      '',
      '0',
      '-1',
      '1.7e9',
      '1700000000.5',
      '12345',
      '946684799',
      '9466848000000000',
      '99999999999999999999',
      'NaN',
      ' 1700000000',
    ];
    for (const text of wrong) assert.equal(unixTime(text), undefined, text);
  });

  test('times outside the years 2000 to 2199 belong to no order', () => {
    for (const year of [1970, 1999, 2200, 275_760])
      assert.equal(plausibleTime(Date.UTC(year, 6, 1)), undefined, String(year));
    for (const ms of [Number.NaN, Infinity, -Infinity, 8.64e15 + 1]) assert.equal(plausibleTime(ms), undefined);
    assert.equal(plausibleTime(Date.UTC(2000, 0, 1)), Date.UTC(2000, 0, 1));
    assert.equal(plausibleTime(1_700_000_000_000.9), 1_700_000_000_000);
  });

  test('Beijing text is read eight hours ahead of UTC', () => {
    assert.equal(beijingTime('2026-11-01 08:00:00'), Date.UTC(2026, 10, 1));
    assert.equal(beijingTime('2026-11-01T00:30:00.250'), Date.UTC(2026, 9, 31, 16, 30));
  });

  test('days and hours that do not exist are undefined, not rolled over', () => {
    const wrong = [
      '2025-02-29 10:00:00',
      '2025-02-31 10:00:00',
      '2026-13-01 00:00:00',
      '2026-00-10 00:00:00',
      '2026-11-01 24:00:00',
      '2026-11-01 10:60:00',
      '2026-11-01',
      '1999-12-31 00:00:00',
      '300000-01-01 00:00:00',
    ];
    for (const text of wrong) assert.equal(beijingTime(text), undefined, text);
    assert.notEqual(beijingTime('2028-02-29 10:00:00'), undefined);
  });

  test('the business day begins at midnight in Beijing', () => {
    assert.equal(beijingDay(Date.UTC(2026, 10, 1, 15, 59, 59)), '2026-11-01');
    assert.equal(beijingDay(Date.UTC(2026, 10, 1, 16)), '2026-11-02');
  });

  test('every second survives being written as Beijing text and read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 946_684_800, max: 7_258_118_399 }), (seconds) => {
        assert.equal(beijingTime(toBeijingText(seconds * 1000)), seconds * 1000);
      }),
      { seed: 4 },
    );
  });

  test('RFC 3339 is UTC, and nothing stays nothing', () => {
    assert.equal(toRfc3339(Date.UTC(2026, 10, 1)), '2026-11-01T00:00:00.000Z');
    assert.equal(toRfc3339(null), null);
    assert.equal(toRfc3339(undefined), null);
  });

  test('RFC 3339 is read with its offset, to the millisecond', () => {
    const ms = Date.UTC(2026, 10, 1, 4, 30, 5);
    assert.equal(rfc3339Time('2026-11-01T04:30:05Z'), ms);
    assert.equal(rfc3339Time('2026-11-01T12:30:05+08:00'), ms);
    assert.equal(rfc3339Time('2026-11-01T04:30:05.123456Z'), ms + 123);
    assert.equal(rfc3339Time(toRfc3339(ms) ?? ''), ms);
    assert.notEqual(rfc3339Time('2028-02-29T10:00:00Z'), undefined);
  });

  test('what is no RFC 3339 time between 2000 and 2200 is undefined', () => {
    const wrong = [
      '',
      '2026-11-01',
      '2026-11-01T04:30:05',
      '2026-11-01 04:30:05Z',
      '2026-11-01T04:30Z',
      '2026-11-01T24:00:00Z',
      '2026-11-01T04:30:60Z',
      '2026-11-01T04:30:05+8',
      '2026-11-01T04:30:05+24:00',
      '2026-02-29T10:00:00Z',
      '2026-02-31T10:00:00+08:00',
      '2026-13-01T10:00:00Z',
      '1999-12-31T23:59:59Z',
      '2200-01-01T00:00:00Z',
      '1700000000',
    ];
    for (const text of wrong) assert.equal(rfc3339Time(text), undefined, text);
  });
});
