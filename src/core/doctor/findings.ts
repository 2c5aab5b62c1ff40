import type { Words } from '../account-fields.ts';
import { NumberText, scalarText } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { digestLength, isPrivateKey, plainName, publicKeyIn, readSignature } from './digests.ts';
import type { Reading } from './request-reading.ts';
import type { Scheme } from './scheme.ts';
import { sourceFields } from './signed-text.ts';
import { likelySignatures, signaturesAt } from './signature-place.ts';
import type { DoctorSecret } from './trial.ts';

/** Something about a request that is not as a scheme has it: where no secret fits, the nearest thing to an answer. */
export interface Finding {
  readonly code: string;
  readonly field?: string;
  readonly words: Words;
  /** How likely it is the reason; the higher the earlier it is told. */
  readonly weight: number;
}

export interface FindingsInput {
  readonly reading: Reading;
  readonly scheme: Scheme;
  readonly secrets: readonly DoctorSecret[];
  readonly signature?: string;
  /** Values of the account that requests name, such as its app id. */
  readonly plainCredentials: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

type Look = (input: FindingsInput) => readonly Finding[];

/** What is odd about a request under a scheme, the likeliest reason first. */
export function findingsOf(input: FindingsInput): readonly Finding[] {
  const looks: readonly Look[] = [signatureFindings, bodyFindings, nameFindings, valueFindings, timeFindings, secretFindings];
  const found = looks.flatMap((look) => look(input));
  const keyed = new Map(found.map((finding) => [`${finding.code} ${finding.field ?? ''}`, finding]));
  return [...keyed.values()].sort((a, b) => b.weight - a.weight);
}

function finding(code: string, weight: number, en: string, zh: string, field?: string): Finding {
  return { code, weight, words: { en, zh }, ...(field === undefined ? {} : { field }) };
}

function placeWords({ signature }: Scheme): Words {
  return signature.in === 'header'
    ? { en: `the header ${signature.name}`, zh: `请求头 ${signature.name}` }
    : { en: `the field \`${signature.name}\``, zh: `字段 \`${signature.name}\`` };
}

const signatureFindings: Look = ({ reading, scheme, signature }) => {
  const place = placeWords(scheme);
  const at = signature === undefined ? signaturesAt(reading, scheme) : [signature];
  const [given] = at;
  if (given === undefined) {
    const [elsewhere] = likelySignatures(reading);
    if (elsewhere === undefined) {
      return [finding('signature.missing', 100, `the signature is missing: it belongs in ${place.en}`, `缺少签名：应在${place.zh}中`, scheme.signature.name)];
    }
    const where = { field: ['the field', '字段'], header: ['the header', '请求头'], query: ['the query parameter', '地址栏参数'] }[elsewhere.in];
    return [
      finding(
        'signature.elsewhere',
        95,
        `the signature stands in ${where[0]} \`${elsewhere.name}\`; it belongs in ${place.en}`,
        `签名在${where[1]} \`${elsewhere.name}\` 中，应在${place.zh}中`,
        elsewhere.name,
      ),
    ];
  }
  const read = readSignature(given);
  const lengths = read.readings.map(({ bytes }) => bytes.length);
  const { digest, notation } = scheme.rules;
  const wanted = digestLength(digest);
  if (digest === 'rsa-sha256') {
    return lengths.some((length) => length >= 128)
      ? []
      : [finding('signature.short', 90, 'the signature is too short for one of RSA', '签名长度不足，不是 RSA 签名', scheme.signature.name)];
  }
  if (lengths.includes(wanted)) {
    const isUpper = notation === 'hex-lower' && /[A-F]/u.test(read.clean);
    const isLower = notation === 'hex-upper' && /[a-f]/u.test(read.clean);
    if (!isUpper && !isLower) return [];
    return [finding('signature.case', 45, `the signature is in ${isUpper ? 'upper' : 'lower'} case; the scheme writes it in ${isUpper ? 'lower' : 'upper'} case`, `签名为${isUpper ? '大写' : '小写'}，约定为${isUpper ? '小写' : '大写'}`, scheme.signature.name)];
  }
  const other = lengths.map(plainName).find((name) => name !== undefined);
  const wantedName = plainName(wanted) ?? digest;
  if (other !== undefined) {
    return [finding('signature.length', 85, `the signature is as long as one of ${other}; the scheme uses ${wantedName}`, `签名长度像是 ${other}，约定为 ${wantedName}`, scheme.signature.name)];
  }
  const isShort = read.clean.length < wanted * 2;
  return [finding(isShort ? 'signature.short' : 'signature.long', 88, `the signature has ${read.clean.length} characters; ${wantedName} in ${notation.startsWith('hex') ? 'hex' : 'base64'} has ${notation.startsWith('hex') ? wanted * 2 : Math.ceil(wanted / 3) * 4}: it is ${isShort ? 'cut short' : 'no digest of that kind'}`, `签名有 ${read.clean.length} 个字符，${wantedName} 应为 ${notation.startsWith('hex') ? wanted * 2 : Math.ceil(wanted / 3) * 4} 个：${isShort ? '被截短' : '不是该种摘要'}`, scheme.signature.name)];
};

const bodyFindings: Look = ({ reading, scheme }) => {
  const found: Finding[] = [];
  const { shape, text, charset, request } = reading;
  if (shape === 'empty' && request.query === '') {
    found.push(finding('body.empty', 92, 'the body is empty', '请求体为空'));
  } else if (scheme.body === 'json' && (shape === 'form' || (shape === 'empty' && request.query !== ''))) {
    found.push(finding('body.form', 82, 'the body is a form, not JSON', '请求体是表单，不是 JSON'));
  } else if (scheme.body === 'form' && shape === 'json') {
    found.push(finding('body.json', 82, 'the body is JSON, not a form', '请求体是 JSON，不是表单'));
  } else if (scheme.body !== 'any' && shape === 'json-in-text') {
    found.push(finding('body.json_in_text', 84, 'the body is JSON within a JSON text: it was serialised twice', '请求体是套在 JSON 字符串中的 JSON：被序列化了两次'));
  } else if (scheme.body === 'json' && shape === 'percent-json') {
    found.push(finding('body.percent_json', 80, 'the body is URL-encoded JSON', '请求体是经 URL 编码的 JSON'));
  } else if (shape === 'other') {
    found.push(finding('body.unreadable', 90, 'the body is neither a JSON object nor a form', '请求体既不是 JSON 对象也不是表单'));
  }
  if (charset !== 'utf-8') {
    found.push(finding('body.charset', 75, `the body is not UTF-8${charset === 'gb18030' ? ' but GBK/GB18030' : ''}`, `请求体不是 UTF-8${charset === 'gb18030' ? '，而是 GBK/GB18030' : ''}`));
  }
  if (text.startsWith('\uFEFF')) found.push(finding('body.bom', 60, 'a byte order mark stands before the body', '请求体前有 BOM'));
  if (text.includes('\uFFFD')) {
    found.push(finding('body.replaced', 78, 'the body holds replacement characters (�): it was decoded in the wrong charset before', '请求体含替换字符（�）：此前已被按错误的字符集解码'));
  }
  const length = request.headers['content-length'];
  if (length !== undefined && /^\d+$/u.test(length) && Number(length) !== request.body.length) {
    found.push(finding('body.length', 86, `content-length says ${length} bytes, the body has ${request.body.length}: it was changed on the way, or copied with changes`, `content-length 为 ${length} 字节，请求体为 ${request.body.length} 字节：传输或复制时被改动`));
  }
  return found;
};

const nameFindings: Look = ({ reading, scheme, plainCredentials }) => {
  const found: Finding[] = [];
  const isHeader = scheme.kind === 'message';
  const fields = scheme.kind === 'fields' ? [...sourceFields(reading, scheme.rules), ...reading.fields] : [];
  const names = isHeader ? Object.keys(reading.request.headers) : fields.map(({ name }) => name);
  const alike = (name: string): string => name.toLowerCase().replaceAll(/[_\-.]/gu, '');
  for (const expected of scheme.expects ?? []) {
    if (names.includes(expected)) continue;
    const free = names.filter((name) => !(scheme.expects ?? []).includes(name));
    const meant = free.find((name) => alike(name) === alike(expected)) ?? (expected.length > 4 ? nearestName(expected, free) : undefined);
    if (meant !== undefined && alike(meant).length > 2 && reading.shape !== 'other') {
      found.push(finding('field.misspelt', 87, `\`${meant}\` stands where \`${expected}\` belongs`, `\`${meant}\` 应为 \`${expected}\``, meant));
    } else if (names.length > 0 || isHeader) {
      found.push(finding(isHeader ? 'header.missing' : 'field.missing', isHeader ? 89 : 70, `${isHeader ? 'the header' : 'the field'} \`${expected}\` is missing`, `缺少${isHeader ? '请求头' : '字段'} \`${expected}\``, expected));
    }
  }
  for (const name of reading.repeated) {
    found.push(finding('field.twice', 83, `\`${name}\` is there twice: receivers take the first or the last`, `\`${name}\` 出现了两次：接收方取第一个或最后一个`, name));
  }
  for (const { field, credential } of scheme.identity ?? []) {
    const value = fields.find(({ name }) => name === field)?.value;
    const text = value === undefined ? undefined : scalarText(value);
    const own = plainCredentials[credential];
    if (text !== undefined && text !== '' && own !== undefined && own !== text) {
      found.push(finding('field.other_account', 93, `\`${field}\` names another account than this one: the secret of that other account signed it`, `\`${field}\` 不是本账号的值：请求由另一个账号的密钥签名`, field));
    }
  }
  return found;
};

const valueFindings: Look = ({ reading, scheme }) => {
  if (scheme.kind !== 'fields') return [];
  const found: Finding[] = [];
  for (const { name, value } of sourceFields(reading, scheme.rules)) {
    if (value instanceof NumberText && /^\d{17,}$/u.test(value.text) && String(Number(value.text)) === value.text) {
      found.push(finding('number.rounded', 72, `the digits of \`${name}\` look rounded by a parser: its last ones are lost`, `\`${name}\` 的数字似乎被解析器舍入，末尾数字已丢失`, name));
    }
    const text = typeof value === 'string' ? value : '';
    if (/&(?:quot|amp|lt|gt|#39);/u.test(text)) {
      found.push(finding('value.html', 68, `\`${name}\` is HTML-escaped: something on the way changed it`, `\`${name}\` 已被 HTML 转义：中途被改动`, name));
    }
    if (/%[\dA-F]{2}/u.test(text) && !/%(?![\dA-Fa-f]{2})/u.test(text)) {
      found.push(finding('value.encoded', 50, `\`${name}\` is still URL-encoded after decoding`, `\`${name}\` 解码后仍含 URL 编码`, name));
    }
    if (text !== text.trim()) {
      found.push(finding('value.blanks', 40, `blanks stand around the value of \`${name}\``, `\`${name}\` 的值首尾有空白`, name));
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
    return [finding('time.unreadable', 66, `\`${timestamp.name}\` is no number of ${timestamp.unit === 's' ? 'seconds' : 'milliseconds'}`, `\`${timestamp.name}\` 不是${timestamp.unit === 's' ? '秒' : '毫秒'}数`, timestamp.name)];
  }
  const number = Number(text);
  if (timestamp.unit === 's' && number > YEAR_2001_MS / 10) {
    return [finding('time.unit', 67, `\`${timestamp.name}\` is in milliseconds; seconds belong there`, `\`${timestamp.name}\` 是毫秒，应为秒`, timestamp.name)];
  }
  if (timestamp.unit === 'ms' && number < YEAR_2001_MS / 10) {
    return [finding('time.unit', 67, `\`${timestamp.name}\` is in seconds; milliseconds belong there`, `\`${timestamp.name}\` 是秒，应为毫秒`, timestamp.name)];
  }
  const atMs = timestamp.unit === 's' ? number * 1000 : number;
  const offMinutes = Math.round(Math.abs(nowMs - atMs) / 60_000);
  if (offMinutes < 10 || reading.request.direction === 'in') return [];
  return [finding('time.old', 30, `\`${timestamp.name}\` is ${offMinutes} minutes from now: a platform may refuse that alone`, `\`${timestamp.name}\` 与当前时间相差 ${offMinutes} 分钟：平台可能因此拒绝`, timestamp.name)];
};

const secretFindings: Look = ({ scheme, secrets }) => {
  const found: Finding[] = [];
  const [wanted = ''] = scheme.secrets;
  const own = secrets.filter(({ name }) => scheme.secrets.includes(name));
  if (secrets.length === 0) {
    found.push(finding('secret.none', 99, 'no secret was given to try: name an account, or paste one', '没有可供尝试的密钥：请指定账号或粘贴密钥'));
  } else if (own.length === 0 && secrets.every(({ state }) => state !== 'pasted')) {
    found.push(finding('secret.missing', 91, `the account has no ${wanted}, which is what signs here`, `账号没有 ${wanted}，而这里由它签名`, wanted));
  }
  if (scheme.rules.digest !== 'rsa-sha256') return found;
  for (const { name, value } of own) {
    if (publicKeyIn(value) === undefined) {
      found.push(finding('key.unreadable', 90, `${name} is no RSA key that can be read`, `${name} 不是可读取的 RSA 密钥`, name));
    } else if (scheme.direction === 'in' && isPrivateKey(value)) {
      found.push(finding('key.private', 65, `${name} is a private key: the platform’s public key belongs there`, `${name} 是私钥，应填平台公钥`, name));
    }
  }
  return found;
};
