import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellOf, decodeCsv, parseCsv, parseCsvRecords, writeCsv } from './csv.ts';

test('reads quotes, line ends of both kinds and a byte order mark', () => {
  assert.deepEqual(parseCsv('\uFEFFa,b\r\n1,"x, ""y""\nz"\n\n,\n'), [
    ['a', 'b'],
    ['1', 'x, "y"\nz'],
    ['', ''],
  ]);
  assert.deepEqual(parseCsv('a,b'), [['a', 'b']]);
  assert.deepEqual(parseCsv(''), []);
});

test('refuses a quote that never ends and text beside one', () => {
  assert.equal(parseCsv('a,"b\n'), undefined);
  assert.equal(parseCsv('"a"b,c'), undefined);
});

test('takes GB18030 where it is no UTF-8', () => {
  assert.equal(decodeCsv(Buffer.from('门店')), '门店');
  assert.equal(decodeCsv(Buffer.from([0xc3, 0xc5, 0xb5, 0xea])), '门店');
  assert.equal(decodeCsv(Buffer.from([0xff, 0xff])), undefined);
});

test('names cells by the first row, in any letter case, and counts lines as an editor does', () => {
  const records = parseCsvRecords('Store, Name\n\t0088 , 学院路店\n');
  assert.deepEqual(
    records?.map((record) => [
      record.line,
      cellOf(record, 'ePoiId', 'store'),
      cellOf(record, 'NAME'),
      cellOf(record, 'x'),
    ]),
    [[2, '0088', '学院路店', undefined]],
  );
  assert.equal(parseCsvRecords(''), undefined);
});

test('ids survive a spreadsheet, and no cell becomes a formula', () => {
  const text = writeCsv(
    ['id', 'name'],
    [
      ['9000000000000000001', '=HYPERLINK("x")'],
      ['0088', null],
    ],
  );
  assert.ok(text.startsWith('\uFEFFid,name\r\n"\t9000000000000000001","\'=HYPERLINK(""x"")"\r\n'));
});

test('what was written is read back, numbers without their tab', () => {
  const cell = fc.string({ unit: 'binary' }).map((text) => text.trim().replaceAll('\uFEFF', ''));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const records = parseCsvRecords(writeCsv(['a', 'b'], rows));
      const expected = rows.map((row) => row.map((one) => (/^[=+\-@\t\r]/u.test(one) ? `'${one}` : one)));
      assert.deepEqual(
        records?.map(({ cells }) => [cells.get('a'), cells.get('b')]),
        expected,
      );
    }),
  );
});
