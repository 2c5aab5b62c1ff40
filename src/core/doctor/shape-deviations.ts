import { deviation } from './deviation.ts';
import type { Deviation } from './deviation.ts';
import type { FieldRules, MessageRules } from './scheme.ts';

const how = (code: string, change: Partial<FieldRules>, en: string, zh: string): Deviation<FieldRules> =>
  deviation(code, change, en, zh);

/** What a signer may do to the whole. */
export const SHAPE_DEVIATIONS: readonly Deviation<FieldRules>[] = [
  how(
    'charset.gb18030',
    { charset: 'gb18030' },
    'the text is hashed in GBK/GB18030, not UTF-8',
    '按 GBK/GB18030 而非 UTF-8 编码计算',
  ),
  how(
    'charset.latin1',
    { charset: 'latin1' },
    'the text is hashed in Latin-1, not UTF-8',
    '按 Latin-1 而非 UTF-8 编码计算',
  ),
  how('order.given', { order: 'given' }, 'the fields are not sorted', '字段未排序'),
  how(
    'order.utf16',
    { order: 'utf16' },
    'the sort order is that of UTF-16 (Java, JavaScript), not of bytes',
    '排序按 UTF-16（Java、JavaScript）而非字节序',
  ),
  how('order.bytes', { order: 'bytes' }, 'the sort order is that of UTF-8 bytes', '排序按 UTF-8 字节序'),
  how(
    'order.any_case',
    { order: 'any-case' },
    'the fields are sorted without regard to letter case',
    '排序时忽略大小写',
  ),
  how('order.reverse', { order: 'reverse' }, 'the fields are in reverse order', '字段顺序相反'),
  how(
    'order.by_text',
    { sortBy: 'text' },
    'the joined texts are sorted, not the names',
    '按拼接后的文本而非字段名排序',
  ),
  how(
    'order.by_name',
    { sortBy: 'name' },
    'the names are sorted, not the joined texts',
    '按字段名而非拼接后的文本排序',
  ),
  how(
    'frame.before',
    { before: '{secret}', after: '', among: undefined },
    'the secret stands in front only',
    '密钥只加在最前面',
  ),
  how(
    'frame.after',
    { before: '', after: '{secret}', among: undefined },
    'the secret stands behind only',
    '密钥只加在最后面',
  ),
  how(
    'frame.both',
    { before: '{secret}', after: '{secret}', among: undefined },
    'the secret stands in front and behind',
    '密钥前后各加一次',
  ),
  how(
    'frame.key',
    { before: '', after: '&key={secret}', among: undefined },
    'the secret is added as &key=',
    '密钥以 &key= 形式附加',
  ),
  how(
    'frame.amp',
    { before: '', after: '&{secret}', among: undefined },
    'the secret is added after &',
    '密钥以 & 连接在最后',
  ),
  how(
    'frame.among',
    { before: '', after: '', among: '' },
    'the secret is sorted among the values',
    '密钥与各字段值一起排序',
  ),
  how(
    'frame.none',
    { before: '', after: '', among: undefined },
    'no secret is in the text at all',
    '签名文本中没有密钥',
  ),
  how(
    'frame.app_secret',
    { before: '', after: '&app_secret={secret}', among: undefined },
    'the secret is added as &app_secret=',
    '密钥以 &app_secret= 形式附加',
  ),
  how('pair.name_value', { pair: 'name-value' }, 'name and value are joined directly', '字段名与值直接相连'),
  how('pair.name_equals', { pair: 'name=value' }, 'name and value are joined by =', '字段名与值以 = 相连'),
  how('pair.name_colon', { pair: 'name:value' }, 'name and value are joined by a colon', '字段名与值以冒号相连'),
  how('pair.value', { pair: 'value' }, 'only the values are joined', '只拼接字段值'),
  how('separator.none', { separator: '' }, 'nothing stands between the fields', '字段之间没有分隔符'),
  how('separator.amp', { separator: '&' }, 'the fields are joined by &', '字段之间以 & 分隔'),
  how('separator.comma', { separator: ',' }, 'the fields are joined by commas', '字段之间以逗号分隔'),
  how('separator.line', { separator: '\n' }, 'the fields are joined by line feeds', '字段之间以换行分隔'),
  how('names.lower', { names: 'lower' }, 'the field names are in lower case', '字段名被转为小写'),
  how('digest.twice', { twice: true }, 'the digest is hashed once more', '摘要又计算了一次'),
  how(
    'inner.md5',
    { inner: 'md5' },
    'the joined fields are hashed before the secret is added',
    '先对拼接文本做 MD5，再附加密钥',
  ),
  how(
    'inner.md5_upper',
    { inner: 'md5-upper' },
    'the joined fields are hashed (upper case) before the secret is added',
    '先对拼接文本做 MD5（大写），再附加密钥',
  ),
  how(
    'source.query_too',
    { source: 'body+query' },
    'the parameters of the query are signed with the fields of the body',
    '地址栏参数与请求体字段一起参与签名',
  ),
  how(
    'source.query_only',
    { source: 'query' },
    'only the parameters of the query are signed',
    '只有地址栏参数参与签名',
  ),
];

const tell = (code: string, change: Partial<MessageRules>, en: string, zh: string): Deviation<MessageRules> =>
  deviation(code, change, en, zh);

/** What a signer may do to a message that is signed as a whole. */
export const MESSAGE_DEVIATIONS: readonly Deviation<MessageRules>[] = [
  tell(
    'body.js',
    { body: 'js' },
    'the body is parsed and written again by JavaScript',
    '请求体先解析再由 JavaScript 重新序列化',
  ),
  tell(
    'body.compact',
    { body: 'compact' },
    'the body is written again without blanks',
    '请求体被重新序列化（去掉空格）',
  ),
  tell(
    'body.python',
    { body: 'python' },
    String.raw`the body is written again by Python (blanks and \u escapes)`,
    String.raw`请求体由 Python 重新序列化（含空格与 \u 转义）`,
  ),
  tell(
    'body.python_letters',
    { body: 'python-letters' },
    'the body is written again with blanks after , and :',
    '请求体被重新序列化，逗号和冒号后带空格',
  ),
  tell(
    'body.php',
    { body: 'php' },
    String.raw`the body is written again by PHP (\/ and \u escapes)`,
    String.raw`请求体由 PHP 重新序列化（含 \/ 与 \u 转义）`,
  ),
  tell(
    'body.php_letters',
    { body: 'php-letters' },
    String.raw`the body is written again with / as \/`,
    String.raw`请求体被重新序列化，/ 变为 \/`,
  ),
  tell(
    'body.ascii',
    { body: 'ascii' },
    String.raw`the body is written again with \u escapes`,
    String.raw`请求体被重新序列化，中文变为 \u 转义`,
  ),
  tell(
    'body.go',
    { body: 'go' },
    'the body is written again by Go (names sorted, < > & escaped)',
    '请求体由 Go 重新序列化（字段排序，转义 < > &）',
  ),
  tell(
    'body.sorted',
    { body: 'sorted' },
    'the body is written again with its names sorted',
    '请求体被重新序列化且字段名排序',
  ),
  tell('body.trimmed', { body: 'trimmed' }, 'blanks around the body are cut', '请求体首尾空白被去掉'),
  tell('body.line_end', { body: 'line-end' }, 'a line feed stands behind the body', '请求体末尾多一个换行'),
  tell(
    'key.text',
    { key: 'text' },
    'the secret’s text itself is the key, not what it encodes',
    '以密钥文本本身为 key，未解码',
  ),
  tell('key.base64', { key: 'base64' }, 'the secret is decoded from base64 first', '密钥先经 base64 解码'),
  tell('key.hex', { key: 'hex' }, 'the secret is decoded from hex first', '密钥先经十六进制解码'),
  tell(
    'charset.gb18030',
    { charset: 'gb18030' },
    'the text is hashed in GBK/GB18030, not UTF-8',
    '按 GBK/GB18030 而非 UTF-8 编码计算',
  ),
];
