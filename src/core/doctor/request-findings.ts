import type { Words } from '../account-fields.ts';
import { md5Base64, md5Hex } from '../signing.ts';
import { digestLength, plainName, readSignature } from './digests.ts';
import { makeFinding } from './finding.ts';
import type { Finding, Look } from './finding.ts';
import type { DoctorRequest } from './request-reading.ts';
import type { Scheme } from './scheme.ts';
import { likelySignatures, signaturesAt } from './signature-place.ts';

function placeWords({ signature }: Scheme): Words {
  return signature.in === 'header'
    ? { en: `the header ${signature.name}`, zh: `请求头 ${signature.name}` }
    : { en: `the field \`${signature.name}\``, zh: `字段 \`${signature.name}\`` };
}

/** The signature itself: whether it is there, how long and how it is written. */
export const signatureFindings: Look = ({ reading, scheme, signature }) => {
  const place = placeWords(scheme);
  const at = signature === undefined ? signaturesAt(reading, scheme) : [signature];
  const [given] = at;
  if (given === undefined) {
    const [elsewhere] = likelySignatures(reading);
    if (elsewhere === undefined) {
      return [
        makeFinding(
          'signature.missing',
          100,
          `the signature is missing: it belongs in ${place.en}`,
          `缺少签名：应在${place.zh}中`,
          scheme.signature.name,
        ),
      ];
    }
    const where = {
      field: ['the field', '字段'],
      header: ['the header', '请求头'],
      query: ['the query parameter', '地址栏参数'],
    }[elsewhere.in];
    return [
      makeFinding(
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
      : [
          makeFinding(
            'signature.short',
            90,
            'the signature is too short for one of RSA',
            '签名长度不足，不是 RSA 签名',
            scheme.signature.name,
          ),
        ];
  }
  if (lengths.includes(wanted)) {
    const isUpper = notation === 'hex-lower' && /[A-F]/u.test(read.clean);
    const isLower = notation === 'hex-upper' && /[a-f]/u.test(read.clean);
    if (!isUpper && !isLower) return [];
    return [
      makeFinding(
        'signature.case',
        45,
        `the signature is in ${isUpper ? 'upper' : 'lower'} case; the scheme writes it in ${isUpper ? 'lower' : 'upper'} case`,
        `签名为${isUpper ? '大写' : '小写'}，约定为${isUpper ? '小写' : '大写'}`,
        scheme.signature.name,
      ),
    ];
  }
  const other = lengths.map(plainName).find((name) => name !== undefined);
  const wantedName = plainName(wanted) ?? digest;
  if (other !== undefined) {
    return [
      makeFinding(
        'signature.length',
        85,
        `the signature is as long as one of ${other}; the scheme uses ${wantedName}`,
        `签名长度像是 ${other}，约定为 ${wantedName}`,
        scheme.signature.name,
      ),
    ];
  }
  const isShort = read.clean.length < wanted * 2;
  return [
    makeFinding(
      isShort ? 'signature.short' : 'signature.long',
      88,
      `the signature has ${read.clean.length} characters; ${wantedName} in ${notation.startsWith('hex') ? 'hex' : 'base64'} has ${notation.startsWith('hex') ? wanted * 2 : Math.ceil(wanted / 3) * 4}: it is ${isShort ? 'cut short' : 'no digest of that kind'}`,
      `签名有 ${read.clean.length} 个字符，${wantedName} 应为 ${notation.startsWith('hex') ? wanted * 2 : Math.ceil(wanted / 3) * 4} 个：${isShort ? '被截短' : '不是该种摘要'}`,
      scheme.signature.name,
    ),
  ];
};

/** Without a body, parameters in the address are the message, unless a call by GET is signed with its address. */
const isMeantAsForm = ({ method, query }: DoctorRequest, { kind }: Scheme): boolean =>
  query !== '' && (kind === 'fields' || method !== 'GET');

/** The body as a whole. */
export const bodyFindings: Look = ({ reading, scheme }) => {
  const found: Finding[] = [];
  const { shape, text, charset, request } = reading;
  if (shape === 'empty' && request.query === '') {
    found.push(makeFinding('body.empty', 92, 'the body is empty', '请求体为空'));
  } else if (scheme.body === 'json' && (shape === 'form' || (shape === 'empty' && isMeantAsForm(request, scheme)))) {
    found.push(makeFinding('body.form', 82, 'the body is a form, not JSON', '请求体是表单，不是 JSON'));
  } else if (scheme.body === 'form' && shape === 'json') {
    found.push(makeFinding('body.json', 82, 'the body is JSON, not a form', '请求体是 JSON，不是表单'));
  } else if (scheme.body !== 'any' && shape === 'json-in-text') {
    found.push(
      makeFinding(
        'body.json_in_text',
        84,
        'the body is JSON within a JSON text: it was serialised twice',
        '请求体是套在 JSON 字符串中的 JSON：被序列化了两次',
      ),
    );
  } else if (scheme.body === 'json' && shape === 'percent-json') {
    found.push(makeFinding('body.percent_json', 80, 'the body is URL-encoded JSON', '请求体是经 URL 编码的 JSON'));
  } else if (shape === 'other') {
    found.push(
      makeFinding(
        'body.unreadable',
        90,
        'the body is neither a JSON object nor a form',
        '请求体既不是 JSON 对象也不是表单',
      ),
    );
  }
  if (charset !== 'utf-8') {
    found.push(
      makeFinding(
        'body.charset',
        75,
        `the body is not UTF-8${charset === 'gb18030' ? ' but GBK/GB18030' : ''}`,
        `请求体不是 UTF-8${charset === 'gb18030' ? '，而是 GBK/GB18030' : ''}`,
      ),
    );
  }
  if (text.startsWith('\uFEFF'))
    found.push(makeFinding('body.bom', 60, 'a byte order mark stands before the body', '请求体前有 BOM'));
  if (text.includes('\uFFFD')) {
    found.push(
      makeFinding(
        'body.replaced',
        78,
        'the body holds replacement characters (�): it was decoded in the wrong charset before',
        '请求体含替换字符（�）：此前已被按错误的字符集解码',
      ),
    );
  }
  found.push(...digestFindings(request, scheme), ...typeFindings(request, scheme));
  const length = request.headers['content-length'];
  if (length !== undefined && /^\d+$/u.test(length) && Number(length) !== request.body.length) {
    found.push(
      makeFinding(
        'body.length',
        86,
        `content-length says ${length} bytes, the body has ${request.body.length}: it was changed on the way, or copied with changes`,
        `content-length 为 ${length} 字节，请求体为 ${request.body.length} 字节：传输或复制时被改动`,
      ),
    );
  }
  return found;
};

/** A digest of the body in a header says that the body is the one that was signed. */
function digestFindings({ headers, body }: DoctorRequest, { bodyMd5 }: Scheme): readonly Finding[] {
  const given = bodyMd5 === undefined ? undefined : headers[bodyMd5];
  if (bodyMd5 === undefined || given === undefined || given === '') return [];
  if (given === md5Base64(body)) return [];
  if (given.toLowerCase() === md5Hex(body)) {
    return [
      makeFinding(
        'body.digest_hex',
        94,
        `\`${bodyMd5}\` is the MD5 of the body in hex; the Base64 of its 16 bytes belongs there`,
        `\`${bodyMd5}\` 是请求体 MD5 的十六进制，应为其 16 个字节的 Base64`,
        bodyMd5,
      ),
    ];
  }
  return [
    makeFinding(
      'body.digest',
      94,
      `\`${bodyMd5}\` is not the MD5 of this body: another body was signed than was sent, such as one that was serialised anew`,
      `\`${bodyMd5}\` 不是该请求体的 MD5：签名的与发送的不是同一份内容，例如被重新序列化`,
      bodyMd5,
    ),
  ];
}

/** Platforms are careless with the type of what they send, and strict with what they are sent. */
function typeFindings({ direction, headers }: DoctorRequest, { body }: Scheme): readonly Finding[] {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (direction === 'in' || body === 'any' || type === undefined || type === '') return [];
  const wanted = body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  if (type === wanted) return [];
  return [
    makeFinding(
      'body.type',
      81,
      `content-type says \`${type}\`; \`${wanted}\` belongs there`,
      `content-type 为 \`${type}\`，应为 \`${wanted}\``,
      'content-type',
    ),
  ];
}
