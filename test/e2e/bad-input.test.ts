import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import type { RunningHub } from '../../src/server/start.ts';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';
import { SECRET, callApi } from '../kit/crash-rounds.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';

const KEY = 'hdk_bad_input_key_0123456789abcdef';
const STORED = '{"errcode":"0","errmsg":"ok"}';
const REJECTED = '{"errcode":"1","errmsg":"err"}';

/** A body with the right signature over values of any kind, given as the JSON text of each field. */
function signedRaw(fields: Readonly<Record<string, string>>): string {
  const textOf = (raw: string): string => (raw.startsWith('"') ? (JSON.parse(raw) as string) : raw);
  const joined = Object.keys(fields)
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => `${name}${textOf(fields[name] ?? '')}`)
    .join('');
  const sign = createHash('md5').update(`${SECRET}${joined}${SECRET}`).digest('hex');
  const members = Object.entries({ ...fields, sign: JSON.stringify(sign) });
  return `{${members.map(([name, raw]) => `${JSON.stringify(name)}:${raw}`).join(',')}}`;
}

const raw = (orderid: string, more: Readonly<Record<string, string>>): string =>
  signedRaw({
    orderid: JSON.stringify(orderid),
    status: '"1"',
    total: '"35.80"',
    payPrice: '"30.50"',
    sid: '"u1"',
    ...more,
  });

describe('bad input at a callback address', () => {
  let hub: RunningHub;
  let database: TestDatabase;
  let folder: string;
  let address: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'huidan-bad-'));
    database = await createTestDatabase();
    hub = await startHub(
      readConfig({
        DATABASE_URL: database.url,
        HUIDAN_DATA_DIR: folder,
        HUIDAN_PORT: '0',
        HUIDAN_ADMIN_KEY: KEY,
        HUIDAN_LOG_LEVEL: 'silent',
      }),
    );
    await callApi(hub.url ?? '', KEY, '/api/v1/accounts', {
      id: 'mtu',
      platform: 'meituan-union',
      name: 'bad input',
      credentials: { appkey: 'demo', secret: 'api-secret', callbackSecret: SECRET },
    });
    address = `${hub.url}/callbacks/meituan-union/mtu`;
  });
  after(async () => {
    await hub.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  interface Answer {
    readonly status: number;
    readonly text: string;
  }
  const post = async (
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
  ): Promise<Answer> => {
    const response = await fetch(address, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    return { status: response.status, text: await response.text() };
  };
  /** Sends the bad one among good ones at the same moment, and wants the good ones stored. */
  const postAmongNeighbours = async (name: string, body: string | Buffer): Promise<Answer> => {
    const neighbour = (index: number): Promise<Answer> =>
      post(unionPush(unionOrder(`n-${name}-${index}`, '1'), SECRET));
    const [one, bad, two, three] = await Promise.all([neighbour(1), post(body), neighbour(2), neighbour(3)]);
    for (const good of [one, two, three]) assert.deepEqual(good, { status: 200, text: STORED });
    assert.doesNotMatch(
      bad.text,
      /at .*\.ts|node:|SELECT|insert into|constraint|undefined/u,
      'no internal message leaks',
    );
    return bad;
  };
  const reasonOfNewest = async (): Promise<string> => {
    const { data } = await callApi<{ data: { reason: string }[] }>(
      hub.url ?? '',
      KEY,
      '/api/v1/callbacks?verdict=unrecognised&limit=1',
    );
    return data[0]?.reason ?? '';
  };

  const rejected: readonly (readonly [string, string | Buffer])[] = [
    ['a wrong signature', unionPush(unionOrder('b1', '1'), 'not the secret')],
    ['a missing signature', JSON.stringify(unionOrder('b2', '1'))],
    ['an empty body', ''],
    ['a truncated body', unionPush(unionOrder('b3', '1'), SECRET).slice(0, 120)],
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"orderid":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')])],
    ['a NaN-like token', raw('b4', { quantity: 'NaN' })],
    ['deeply nested JSON', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a deeply nested field', `{"sign":"x","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['a JSON text that is no object', '"hello"'],
  ];
  for (const [name, body] of rejected) {
    it(`rejects ${name} in the platform's bytes`, async () => {
      assert.deepEqual(await postAmongNeighbours(name.replaceAll(' ', '-'), body), { status: 200, text: REJECTED });
    });
  }

  it('rejects a push with any one byte flipped', async () => {
    const good = Buffer.from(unionPush(unionOrder('flip', '1'), SECRET));
    for (let at = 0; at < good.length; at += 7) {
      const flipped = Buffer.from(good);
      flipped[at] = (flipped[at] ?? 0) ^ 0x01;
      assert.deepEqual(await post(flipped), { status: 200, text: REJECTED }, `byte ${at}`);
    }
  });

  it('takes the last of duplicate keys for signature and meaning alike', async () => {
    const signed = raw('dup', {});
    const doubled = signed.replace('{', '{"orderid":"someone else",');
    assert.deepEqual(await postAmongNeighbours('dup', doubled), { status: 200, text: STORED });
    const { data } = await callApi<{ data: { platformOrderId: string }[] }>(
      hub.url ?? '',
      KEY,
      '/api/v1/orders?platformOrderId=dup',
    );
    assert.equal(data.length, 1);
  });

  const unrecognised: readonly (readonly [string, string, RegExp])[] = [
    ['an amount of 10^30', raw('u1', { total: '1000000000000000000000000000000' }), /total/u],
    ['the year 300000', raw('u2', { ordertime: '9404640000000' }), /ordertime/u],
    ['U+0000 in a text', raw('u3', { sid: String.raw`"a\u0000b"` }), /sid/u],
    ['a lone surrogate in a text', raw('u4', { sid: String.raw`"a\ud800b"` }), /sid/u],
    ['an unknown status', raw('u5', { status: '"77"' }), /status/u],
  ];
  for (const [name, body, reason] of unrecognised) {
    it(`stores ${name} as unrecognised and says which field`, async () => {
      assert.deepEqual(await postAmongNeighbours(name.replaceAll(' ', '-'), body), { status: 200, text: STORED });
      assert.match(await reasonOfNewest(), reason);
    });
  }

  it('keeps ids beyond 2^53 and beyond bigint digit by digit', async () => {
    const big = '123456789012345678901234567890';
    const body = signedRaw({ orderid: big, status: '1', total: '20.00', payPrice: '20.10' });
    assert.deepEqual(await postAmongNeighbours('big', body), { status: 200, text: STORED });
    const { data } = await callApi<{ data: { amounts: { total: number; paid: number } }[] }>(
      hub.url ?? '',
      KEY,
      `/api/v1/orders?platformOrderId=${big}`,
    );
    assert.deepEqual(
      data.map(({ amounts }) => [amounts.total, amounts.paid]),
      [[2000, 2010]],
    );
  });

  it('treats a field named __proto__ as a field', async () => {
    assert.deepEqual(await postAmongNeighbours('proto', raw('proto', { ['__proto__']: '"x"' })), {
      status: 200,
      text: STORED,
    });
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  it('refuses 10 MiB with 413 and goes on', async () => {
    const { status } = await post(Buffer.alloc(10 * 1_048_576, 0x20)).catch(() => ({ status: 413 }));
    assert.equal(status, 413);
    assert.equal((await post(unionPush(unionOrder('after-large', '1'), SECRET))).text, STORED);
  });

  it('believes the bytes, not the content type', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'nonsense',
      'application/json; charset=gbk',
    ]) {
      const answer = await post(unionPush(unionOrder(`type-${type.length}`, '1'), SECRET), { 'content-type': type });
      assert.deepEqual(answer, { status: 200, text: STORED }, type);
    }
  });

  it('takes a push without any content type', async () => {
    const body = unionPush(unionOrder('no-type', '1'), SECRET);
    const url = new URL(address);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => {
        socket.write(
          `POST ${url.pathname} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      });
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    assert.ok(answer.endsWith(STORED), answer);
  });

  it('answers GET and other methods with 405, unknown addresses with 404, all in plain JSON', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const response = await fetch(address, { method });
      assert.equal(response.status, 405, method);
      assert.equal(((await response.json()) as { error: string }).error, 'method_not_allowed');
    }
    for (const path of [
      '/callbacks/meituan-union/nobody',
      '/callbacks/nowhere/mtu',
      '/callbacks/meituan-union/mtu/topic',
    ]) {
      const response = await fetch(`${hub.url}${path}`, { method: 'POST', body: '{}' });
      assert.equal(response.status, 404, path);
      assert.equal(((await response.json()) as { error: string }).error, 'callback_unknown');
    }
  });
});
