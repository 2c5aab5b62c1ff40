import { NumberText, scalarText } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { isPrivateKey, publicKeyIn } from './digests.ts';
import { makeFinding } from './finding.ts';
import type { Finding, FindingsInput, Look } from './finding.ts';
import { bodyFindings, signatureFindings } from './request-findings.ts';
import { sourceFields } from './signed-text.ts';

/** What is odd about a request under a scheme, the likeliest reason first. */
export function findingsOf(input: FindingsInput): readonly Finding[] {
  const looks: readonly Look[] = [
    signatureFindings,
    bodyFindings,
    nameFindings,
    valueFindings,
    timeFindings,
    secretFindings,
  ];
  const found = looks.flatMap((look) => look(input));
  const keyed = new Map(found.map((one) => [`${one.code} ${one.field ?? ''}`, one]));
  return [...keyed.values()].sort((a, b) => b.weight - a.weight);
}

const nameFindings: Look = ({ reading, scheme, plainCredentials }) => {
  const found: Finding[] = [];
  const isHeader = scheme.kind === 'message';
  const fields = scheme.kind === 'fields' ? [...sourceFields(reading, scheme.rules), ...reading.fields] : [];
  const names = isHeader ? Object.keys(reading.request.headers) : fields.map(({ name }) => name);
  const alike = (name: string): string => name.toLowerCase().replaceAll(/[_\-.]/gu, '');
  for (const expected of scheme.expects ?? []) {
    if (names.includes(expected)) continue;
    const free = names.filter((name) => !(scheme.expects ?? []).includes(name));
    const meant =
      free.find((name) => alike(name) === alike(expected)) ??
      (expected.length > 4 ? nearestName(expected, free) : undefined);
    if (meant !== undefined && alike(meant).length > 2 && reading.shape !== 'other') {
      found.push(
        makeFinding(
          'field.misspelt',
          87,
          `\`${meant}\` stands where \`${expected}\` belongs`,
          `\`${meant}\` 应为 \`${expected}\``,
          meant,
        ),
      );
    } else if (names.length > 0 || isHeader) {
      found.push(
        makeFinding(
          isHeader ? 'header.missing' : 'field.missing',
          isHeader ? 89 : 70,
          `${isHeader ? 'the header' : 'the field'} \`${expected}\` is missing`,
          `缺少${isHeader ? '请求头' : '字段'} \`${expected}\``,
          expected,
        ),
      );
    }
  }
  for (const name of reading.repeated) {
    found.push(
      makeFinding(
        'field.twice',
        83,
        `\`${name}\` is there twice: receivers take the first or the last`,
        `\`${name}\` 出现了两次：接收方取第一个或最后一个`,
        name,
      ),
    );
  }
  for (const { field, credential } of scheme.identity ?? []) {
    const value = fields.find(({ name }) => name === field)?.value;
    const text = isHeader ? reading.request.headers[field] : scalarText(value);
    const own = plainCredentials[credential];
    if (text !== undefined && text !== '' && own !== undefined && own !== text) {
      found.push(
        makeFinding(
          'field.other_account',
          93,
          `\`${field}\` names another account than this one: the secret of that other account signed it`,
          `\`${field}\` 不是本账号的值：请求由另一个账号的密钥签名`,
          field,
        ),
      );
    }
  }
  return found;
};

const valueFindings: Look = ({ reading, scheme }) => {
  if (scheme.kind !== 'fields') return [];
  const found: Finding[] = [];
  for (const { name, value } of sourceFields(reading, scheme.rules)) {
    if (value instanceof NumberText && /^\d{17,}$/u.test(value.text) && String(Number(value.text)) === value.text) {
      found.push(
        makeFinding(
          'number.rounded',
          72,
          `the digits of \`${name}\` look rounded by a parser: its last ones are lost`,
          `\`${name}\` 的数字似乎被解析器舍入，末尾数字已丢失`,
          name,
        ),
      );
    }
    const text = typeof value === 'string' ? value : '';
    if (/&(?:quot|amp|lt|gt|#39);/u.test(text)) {
      found.push(
        makeFinding(
          'value.html',
          68,
          `\`${name}\` is HTML-escaped: something on the way changed it`,
          `\`${name}\` 已被 HTML 转义：中途被改动`,
          name,
        ),
      );
    }
    if (/%[\dA-F]{2}/u.test(text) && !/%(?![\dA-Fa-f]{2})/u.test(text)) {
      found.push(
        makeFinding(
          'value.encoded',
          50,
          `\`${name}\` is still URL-encoded after decoding`,
          `\`${name}\` 解码后仍含 URL 编码`,
          name,
        ),
      );
    }
    if (text !== text.trim()) {
      found.push(
        makeFinding(
          'value.blanks',
          40,
          `blanks stand around the value of \`${name}\``,
          `\`${name}\` 的值首尾有空白`,
          name,
        ),
      );
    }
  }
  return found;
};

/** What no clock is that wrong by: beyond it the unit is another. */
const YEAR_2001_S = 1_000_000_000;
const YEAR_2001_MS = YEAR_2001_S * 1000;

const timeFindings: Look = ({ reading, scheme, nowMs }) => {
  const { timestamp } = scheme;
  if (timestamp === undefined) return [];
  const fields = scheme.kind === 'fields' ? [...sourceFields(reading, scheme.rules), ...reading.fields] : [];
  const value = fields.find(({ name }) => name === timestamp.name)?.value;
  const text = (value === undefined ? undefined : scalarText(value)) ?? reading.request.headers[timestamp.name];
  if (text === undefined) return [];
  if (!/^\d{1,16}$/u.test(text)) {
    return [
      makeFinding(
        'time.unreadable',
        66,
        `\`${timestamp.name}\` is no number of ${timestamp.unit === 's' ? 'seconds' : 'milliseconds'}`,
        `\`${timestamp.name}\` 不是${timestamp.unit === 's' ? '秒' : '毫秒'}数`,
        timestamp.name,
      ),
    ];
  }
  const number = Number(text);
  if (timestamp.unit === 's' && number > YEAR_2001_MS / 10) {
    return [
      makeFinding(
        'time.unit',
        67,
        `\`${timestamp.name}\` is in milliseconds; seconds belong there`,
        `\`${timestamp.name}\` 是毫秒，应为秒`,
        timestamp.name,
      ),
    ];
  }
  if (timestamp.unit === 'ms' && number < YEAR_2001_MS / 10) {
    return [
      makeFinding(
        'time.unit',
        67,
        `\`${timestamp.name}\` is in seconds; milliseconds belong there`,
        `\`${timestamp.name}\` 是秒，应为毫秒`,
        timestamp.name,
      ),
    ];
  }
  const atMs = timestamp.unit === 's' ? number * 1000 : number;
  const offMinutes = Math.round(Math.abs(nowMs - atMs) / 60_000);
  if (offMinutes < 10 || reading.request.direction === 'in') return [];
  return [
    makeFinding(
      'time.old',
      30,
      `\`${timestamp.name}\` is ${offMinutes} minutes from now: a platform may refuse that alone`,
      `\`${timestamp.name}\` 与当前时间相差 ${offMinutes} 分钟：平台可能因此拒绝`,
      timestamp.name,
    ),
  ];
};

const secretFindings: Look = ({ scheme, secrets }) => {
  const found: Finding[] = [];
  const [wanted = ''] = scheme.secrets;
  const own = secrets.filter(({ name }) => scheme.secrets.includes(name));
  if (secrets.length === 0) {
    found.push(
      makeFinding(
        'secret.none',
        99,
        'no secret was given to try: name an account, or paste one',
        '没有可供尝试的密钥：请指定账号或粘贴密钥',
      ),
    );
  } else if (own.length === 0 && secrets.every(({ state }) => state !== 'pasted')) {
    found.push(
      makeFinding(
        'secret.missing',
        91,
        `the account has no ${wanted}, which is what signs here`,
        `账号没有 ${wanted}，而这里由它签名`,
        wanted,
      ),
    );
  }
  if (scheme.rules.digest !== 'rsa-sha256') return found;
  for (const { name, value } of own) {
    if (publicKeyIn(value) === undefined) {
      found.push(
        makeFinding(
          'key.unreadable',
          90,
          `${name} is no RSA key that can be read`,
          `${name} 不是可读取的 RSA 密钥`,
          name,
        ),
      );
    } else if (scheme.direction === 'in' && isPrivateKey(value)) {
      found.push(
        makeFinding(
          'key.private',
          65,
          `${name} is a private key: the platform’s public key belongs there`,
          `${name} 是私钥，应填平台公钥`,
          name,
        ),
      );
    }
  }
  return found;
};
