import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { MAX_TRIED } from '../../src/core/doctor/search.ts';
import { rsaKeysFromText } from '../../src/core/rsa.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { unionOrder, unionPush } from '../kit/union-push.ts';
import { ask, SHEETS } from '../kit/doctor.ts';
import type { Question } from '../kit/doctor.ts';

const md5 = (text: string | Uint8Array): string => createHash('md5').update(text).digest('hex');
const CALLBACK = 'the-callback-secret-1';
const API = 'the-api-secret-00001';
const UNION = { appkey: 'demoappkey', secret: API, callbackSecret: CALLBACK };
const ORDER = unionOrder('9000000000000000001', '8');
const push = (secret = CALLBACK, order = ORDER): string => unionPush(order, secret);
const union = (body: string, more: Partial<Question> = {}): Question => ({
  platform: 'meituan-union',
  account: UNION,
  body,
  ...more,
});
// What is odd about a request does not depend on how long was searched.
const codesOf = (question: Question): readonly string[] =>
  ask({ maxTried: 500, ...question }).nearMisses.map(({ code }) => code);

describe('which secret', () => {
  test('a right request verifies as it is, and says with which secret', () => {
    const { matches, nearMisses, advice } = ask(union(push()));
    assert.equal(matches.length, 1);
    assert.deepEqual(matches[0]?.deviations, []);
    assert.equal(matches[0]?.text.en, 'This verifies as it is, with your callback secret.');
    assert.equal(matches[0]?.text.zh, '按原样即可通过验签，所用密钥：您的回调 secret。');
    assert.deepEqual(advice, matches[0]?.text);
    assert.deepEqual(nearMisses, []);
  });

  test('the API secret is told from the callback secret', () => {
    const [best] = ask(union(push(API))).matches;
    assert.deepEqual(best?.secret, { ...best?.secret, name: 'secret', state: 'current' });
    assert.equal(best?.text.en, 'This matches your API secret, not the callback secret.');
    assert.equal(best?.text.zh, '签名相符的是您的接口 secret，而不是回调 secret。');
  });

  test('a retired value is told from the one that is valid', () => {
    const account = { ...UNION, callbackSecret: ['the-new-secret-00001', 'the-old-secret-00001'] };
    const [best] = ask({ ...union(push('the-old-secret-00001')), account }).matches;
    assert.equal(best?.secret?.state, 'retired');
    assert.match(best?.text.en ?? '', /an old value of your callback secret .* no longer valid/u);
    assert.match(best?.text.zh ?? '', /已失效旧值/u);
  });

  test('a pasted secret is tried, also one with a blank behind it or in quotes', () => {
    for (const [pasted, codes] of [
      ['another-secret-9', []],
      [' another-secret-9\n', ['secret.trimmed']],
      ['"another-secret-9"', ['secret.unquoted']],
      ['ANOTHER-SECRET-9', ['secret.lower']],
    ] as const) {
      const [best] = ask({
        platform: 'meituan-union',
        body: push('another-secret-9'),
        pasted: { console: pasted },
      }).matches;
      assert.equal(best?.secret?.state, 'pasted');
      assert.deepEqual(
        best?.deviations.map(({ code }) => code),
        codes,
        pasted,
      );
    }
  });

  test('an empty secret is a finding, not a match of every secret', () => {
    const { matches } = ask(union(push('')));
    assert.deepEqual(
      matches.map(({ secret, deviations }) => [secret, deviations[0]?.code]),
      [[null, 'secret.empty']],
    );
  });
});

describe('what was done otherwise', () => {
  test('the field and how it is signed are named in both languages', () => {
    const body = JSON.stringify({ ...ORDER, tradeTypeList: [2, 3], sign: '' });
    const joined = Object.keys(ORDER)
      .concat('tradeTypeList')
      .sort()
      .map((name) => name + (name === 'tradeTypeList' ? '2,3' : ORDER[name]))
      .join('');
    const [best] = ask(union(body.replace('"sign":""', `"sign":"${md5(CALLBACK + joined + CALLBACK)}"`))).matches;
    assert.deepEqual(best?.deviations, [{ code: 'array_comma', field: 'tradeTypeList' }]);
    assert.match(best?.text.en ?? '', /when `tradeTypeList` is signed as `2,3`/u);
    assert.match(best?.text.zh ?? '', /`tradeTypeList` 以 `2,3` 参与签名/u);
    assert.equal(best?.hashed, `***${joined}***`);
  });

  test('a field that was put in after signing, and one that was lost, are named', () => {
    const injected = JSON.stringify({ ...(JSON.parse(push()) as object), traceId: 'x' });
    assert.deepEqual(ask(union(injected)).matches[0]?.deviations, [{ code: 'field.dropped', field: 'traceId' }]);
    const lost = push(CALLBACK, { ...ORDER, appkey: 'demoappkey' }).replace('"appkey":"demoappkey",', '');
    assert.deepEqual(ask(union(lost)).matches[0]?.deviations, [{ code: 'field.injected', field: 'appkey' }]);
  });

  test('two mistakes at once are found', () => {
    const fields: Readonly<Record<string, string>> = { ...ORDER, dealid: '', note: '少辣 一点' };
    const joined = Object.keys(fields)
      .filter((name) => fields[name] !== '')
      .sort()
      .map((name) => name + encodeURIComponent(fields[name] ?? ''))
      .join('');
    const { matches } = ask(union(JSON.stringify({ ...fields, sign: md5(CALLBACK + joined + CALLBACK) })));
    assert.deepEqual(matches[0]?.deviations, [
      { code: 'empties_skipped', field: 'dealid' },
      { code: 'url_encoded_percent', field: 'smstitle' },
      { code: 'url_encoded_percent', field: 'note' },
    ]);
  });

  test('a digest of another kind and letters of another case are named', () => {
    const text = Object.keys(ORDER)
      .sort()
      .map((name) => name + ORDER[name])
      .join('');
    const sha = createHash('sha256')
      .update(CALLBACK + text + CALLBACK)
      .digest('hex')
      .toUpperCase();
    const [best] = ask(union(JSON.stringify({ ...ORDER, sign: sha }))).matches;
    assert.deepEqual(
      best?.deviations.map(({ code }) => code),
      ['digest.sha256', 'notation.hex_upper'],
    );
  });

  test('a scheme of another platform is recognised', () => {
    const joined = Object.keys(ORDER)
      .sort()
      .map((name) => `${name}=${ORDER[name]}`)
      .join('&');
    const sign = md5(`${joined}&key=${CALLBACK}`).toUpperCase();
    const [best] = ask(union(JSON.stringify({ ...ORDER, sign }))).matches;
    assert.ok(best !== undefined);
    assert.equal(best.scheme.code, 'payload');
    assert.match(best.text.en, /Vending/u);
  });

  test('a scheme that nobody listed is described by its parts', () => {
    const joined = Object.keys(ORDER)
      .sort()
      .map((name) => `${name}:${ORDER[name]}`)
      .join(',');
    const [best] = ask(union(JSON.stringify({ ...ORDER, sign: md5(`${joined}&signKey=${CALLBACK}`) }))).matches;
    assert.equal(best?.scheme.code, 'unlisted');
    assert.match(best?.text.en ?? '', /joined by a colon, and the fields are joined by commas/u);
    const body = '{"a":1}';
    const hmac = createHmac('sha256', CALLBACK).update(`1700000000.${body}`).digest('hex');
    const whole = ask(union(body, { headers: { 'x-timestamp': '1700000000', 'x-signature': hmac } })).matches[0];
    assert.match(whole?.text.en ?? '', /the body is signed as a whole: HMAC of ‹x-timestamp›\.‹body›/u);
  });

  test('the platform need not be said', () => {
    const { matches } = ask({ body: push(), pasted: { mine: CALLBACK } });
    assert.deepEqual(matches[0]?.scheme.platform, 'meituan-union');
  });

  test('a signature other than the one in the request can be explained', () => {
    const { matches } = ask(union(push(), { signature: md5(`${CALLBACK}x`) }));
    assert.deepEqual(matches, []);
    const text = Object.keys(ORDER)
      .sort()
      .map((name) => name + ORDER[name])
      .join('');
    const mine = ask(union(push(), { signature: md5(text + CALLBACK) })).matches[0];
    assert.deepEqual(
      mine?.deviations.map(({ code }) => code),
      ['secret_behind_only'],
    );
  });

  test('which RSA key verifies is told, the wrong one of two too', () => {
    const platform = rsaKeysFromText('doctor test platform');
    const own = rsaKeysFromText('doctor test own');
    const headers = {
      'byte-timestamp': '1700000000',
      'byte-nonce-str': 'n',
      'byte-signature': Buffer.alloc(256, 1).toString('base64'),
    };
    const account = { platformPublicKey: platform.publicKey, privateKey: own.privateKey };
    const { nearMisses, advice } = ask({ platform: 'douyin', account, headers, body: '{"version":"3.0"}' });
    assert.deepEqual(nearMisses, []);
    assert.match(advice.en, /right form/u);
    const { 'byte-nonce-str': _nonce, ...fewer } = headers;
    const missing = ask({
      platform: 'douyin',
      account,
      headers: fewer,
      body: '{"version":"3.0","type":"payment","msg":"{}"}',
    });
    assert.deepEqual(missing.nearMisses[0], {
      ...missing.nearMisses[0],
      code: 'header.missing',
      field: 'byte-nonce-str',
    });
    const unreadable = ask({
      platform: 'douyin',
      account: { platformPublicKey: 'not a key' },
      headers,
      body: '{"version":"3.0"}',
    });
    assert.equal(unreadable.nearMisses[0]?.code, 'key.unreadable');
  });
});

describe('where nothing matches', () => {
  const wrong = (change: (json: string) => string): Question => union(change(push('nobody knows this one')));
  test('what is odd about the request is told, the likeliest first', () => {
    const cases: readonly (readonly [string, Question])[] = [
      ['signature.missing', wrong((json) => json.replace(/,"sign":"[^"]+"/u, ''))],
      ['signature.elsewhere', wrong((json) => json.replace('"sign"', '"Signature"'))],
      ['signature.short', wrong((json) => json.replace(/("sign":".{20})[^"]+/u, '$1'))],
      ['signature.length', wrong((json) => json.replace(/("sign":")[^"]+/u, `$1${'ab'.repeat(20)}`))],
      ['signature.case', wrong((json) => json.replace(/("sign":")[^"]+/u, `$1${'AB'.repeat(16)}`))],
      ['body.form', wrong((json) => new URLSearchParams(JSON.parse(json) as Record<string, string>).toString())],
      ['body.json_in_text', wrong((json) => JSON.stringify(json))],
      ['body.percent_json', wrong((json) => encodeURIComponent(json))],
      ['body.bom', wrong((json) => `\uFEFF${json}`)],
      ['body.replaced', wrong((json) => json.replace('test', 'te\uFFFDst'))],
      ['body.length', union(push('x'.repeat(9)), { headers: { 'content-length': '7' } })],
      ['field.other_account', wrong((json) => json.replace('{', '{"appkey":"someoneelse",'))],
      ['field.misspelt', wrong((json) => json.replace('"orderid"', '"orderId"'))],
      ['number.rounded', wrong((json) => json.replace('"9000000000000000001"', '9000000000000000000'))],
      ['value.html', wrong((json) => json.replace('test', 'te&amp;st'))],
      ['value.encoded', wrong((json) => json.replace('test order', 'test%20order'))],
    ];
    for (const [code, question] of cases)
      assert.ok(codesOf(question).includes(code), `${code}: ${codesOf(question).join(' ')}`);
  });

  test('a body in another charset, empty or unreadable, is told', () => {
    assert.ok(codesOf(union('')).includes('body.empty'));
    assert.ok(codesOf(union('<xml/>')).includes('body.unreadable'));
    const gbk = Buffer.concat([
      Buffer.from('{"smstitle":"'),
      Buffer.from('c4e3bac3', 'hex'),
      Buffer.from('","sign":"ab"}'),
    ]);
    assert.ok(codesOf({ ...union(''), body: gbk }).includes('body.charset'));
  });

  test('a field given twice and a time in the wrong unit are told', () => {
    const account = { developerId: '100999', signKey: 'demoSignKey00001' };
    const twice = {
      platform: 'meituan-waimai',
      account,
      body: `developerId=100999&ePoiId=a&ePoiId=b&sign=${'0'.repeat(40)}`,
    };
    assert.ok(codesOf(twice).includes('field.twice'));
    const out = {
      ...twice,
      direction: 'out' as const,
      body: `appAuthToken=t&charset=utf-8&timestamp=1700000000000&sign=${'0'.repeat(40)}`,
    };
    assert.ok(codesOf(out).includes('time.unit'));
  });

  test('the account without the secret, and no secret at all, are told', () => {
    assert.equal(codesOf({ ...union(push()), account: { appkey: 'a', secret: 'b' } })[0], 'secret.missing');
    const none = ask({ platform: 'meituan-union', body: push() });
    assert.equal(none.nearMisses[0]?.code, 'secret.none');
    assert.match(none.advice.en, /^No scheme matches \(\d+ tried\); the nearest differs in this: no secret was given/u);
    assert.match(none.advice.zh, /^没有相符的签名方式（已尝试 \d+ 种）/u);
  });

  test('where a platform signs nothing, that is said', () => {
    const { advice } = ask({
      platform: 'vending',
      account: { merchantKey: 'key-of-the-merchant' },
      body: '{"order_id":1}',
    });
    assert.match(advice.en, /signs no callbacks/u);
  });
});

describe('what the doctor may not do', () => {
  test('random signatures match nothing, and the search is bounded', () => {
    const random = seededRandom('doctor/random');
    const hex = (length: number): string =>
      Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
    for (const { platform, sheet } of SHEETS) {
      for (const scheme of sheet.schemes.slice(0, 2)) {
        const { name } = scheme.signature;
        const given = hex([32, 40, 64, 16][Math.floor(random() * 4)] ?? 32);
        const fields = {
          app_id: hex(8),
          orderid: hex(19),
          empty: '',
          nothing: null,
          list: [1, 2],
          amount: 20,
          nested: '{"a": 1}',
          text: '中文 😀',
          [name]: given,
        };
        const question: Question = {
          platform,
          direction: scheme.direction,
          account: {
            appkey: hex(12),
            secret: hex(32),
            appSecret: hex(32),
            signKey: hex(16),
            token: hex(20),
            merchantKey: hex(16),
          },
          pasted: { one: hex(24), two: hex(24) },
          headers: scheme.signature.in === 'header' ? { [name]: given, 'x-timestamp': '1700000000' } : {},
          body: JSON.stringify(fields),
        };
        // To the end for one of them; the others as far as pairs of deviations.
        const most = platform === 'meituan-union' && scheme.code === 'push' ? MAX_TRIED : 25_000;
        const { matches, tried, exhausted } = ask({ ...question, maxTried: most });
        assert.deepEqual(matches, [], `${platform} ${scheme.code}`);
        assert.ok(tried > 50 && tried <= most, `${platform} ${scheme.code}: ${tried}`);
        assert.ok(exhausted || tried === most);
      }
    }
  });

  test('the count of what is tried can be bounded further', () => {
    const { tried, exhausted } = ask({ ...union(push('unknown secret')), maxTried: 100 });
    assert.equal(tried, 100);
    assert.equal(exhausted, false);
  });

  test('a signature of a few bytes is never confirmed: it would give away the right one byte by byte', () => {
    const right = /"sign":"([^"]+)"/u.exec(push())?.[1] ?? '';
    for (const length of [2, 4, 8, 14]) {
      const { matches } = ask(union(push(), { signature: right.slice(0, length) }));
      assert.deepEqual(matches, [], `${length}`);
    }
    const cut = ask(union(push(), { signature: right.slice(8, 24) })).matches[0];
    assert.equal(cut?.confidence, 'likely');
    assert.deepEqual(
      cut?.deviations.map(({ code }) => code),
      ['signature.cut'],
    );
  });

  test('a right signature is never told', () => {
    const right = /"sign":"([^"]+)"/u.exec(push())?.[1] ?? '';
    assert.ok(!JSON.stringify(ask(union(push('nobody')))).includes(right));
  });

  test('no secret is in an answer, not even one that stands in a field', () => {
    const order = { ...ORDER, note: `my secret is ${API}` };
    const answer = JSON.stringify(ask(union(push(CALLBACK, order))));
    assert.ok(!answer.includes(API) && !answer.includes(CALLBACK), answer);
    assert.match(answer, /my secret is \*\*\*/u);
  });

  test('values that may be personal are hidden on request, and so are those in words', () => {
    const body = JSON.stringify({
      phone: '13800001234',
      list: [13_800_001_234],
      sign: md5(`${CALLBACK}list13800001234phone13800001234${CALLBACK}`),
    });
    const answer = ask(union(body, { hideValues: true }));
    assert.equal(answer.matches[0]?.deviations[0]?.code, 'array_comma');
    assert.ok(!JSON.stringify(answer).includes('13800001234'), JSON.stringify(answer));
    assert.equal(answer.matches[0]?.hashed, '***list‹list›phone‹phone›***');
  });
});

describe('the sheets', () => {
  test('every platform brings one, with words in both languages and codes that are unique in a scheme', () => {
    assert.ok(SHEETS.length >= 7);
    for (const { platform, sheet, credentials } of SHEETS) {
      const codes = sheet.schemes.map(({ code }) => code);
      assert.equal(new Set(codes).size, codes.length, platform);
      for (const scheme of sheet.schemes) {
        const forms = scheme.forms.map(({ code }) => code);
        assert.equal(new Set(forms).size, forms.length, `${platform} ${scheme.code}`);
        for (const secret of scheme.secrets) assert.ok(Object.hasOwn(credentials, secret), `${platform} ${secret}`);
        for (const { words } of scheme.forms) {
          assert.ok(/\p{Script=Han}/u.test(words.zh) && !/\p{Script=Han}/u.test(words.en), words.en);
          assert.doesNotMatch(words.zh, /[A-Za-z]+(?: [A-Za-z]+){3}/u);
        }
      }
    }
  });
});
