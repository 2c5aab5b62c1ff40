import type { Words } from '../account-fields.ts';
import type { FieldRules, MessageRules } from './scheme.ts';

/** One thing that a signer did otherwise than the scheme says. */
export interface Deviation<Rules> {
  readonly code: string;
  /** Completes "it matches when …"; `{field}` and `{text}` are filled in. */
  readonly words: Words;
  readonly change: Partial<Rules>;
  /** The field that it is about, where it is one. */
  readonly field?: string;
}

const deviation = <Rules>(code: string, change: Partial<Rules>, en: string, zh: string): Deviation<Rules> => ({
  code,
  words: { en, zh },
  change,
});

const asText = 'is signed as {text}';
const asTextZh = '{field} 以 {text} 参与签名';
const at = (code: string, change: Partial<FieldRules>): Deviation<FieldRules> =>
  deviation(code, change, `{field} ${asText}`, asTextZh);
const how = (code: string, change: Partial<FieldRules>, en: string, zh: string): Deviation<FieldRules> =>
  deviation(code, change, en, zh);

/** What a signer may do to values; likelier ones first. */
export const VALUE_DEVIATIONS: readonly Deviation<FieldRules>[] = [
  how('empty.skipped', { empty: 'skip' }, 'empty fields ({field}) are left out', '空值字段（{field}）不参与签名'),
  how('empty.kept', { empty: 'keep' }, 'the names of empty fields ({field}) are signed too', '空值字段（{field}）的字段名也参与签名'),
  how('null.dropped', { null: 'drop' }, '{field}, which is null, is left out', '值为 null 的 {field} 不参与签名'),
  how('null.empty', { null: 'empty' }, '{field}, which is null, is signed as empty text', '值为 null 的 {field} 以空文本参与签名'),
  how('null.text', { null: 'text' }, '{field}, which is null, is signed as the text null', '值为 null 的 {field} 以文本 null 参与签名'),
  how('null.none', { null: 'none' }, '{field}, which is null, is signed as None', '值为 null 的 {field} 以 None 参与签名'),
  how('null.nil', { null: 'nil' }, '{field}, which is null, is signed as <nil>', '值为 null 的 {field} 以 <nil> 参与签名'),
  how('null.skipped_text', { skip: ['null'] }, '{field}, which is the text null, is left out', '值为文本 null 的 {field} 不参与签名'),
  how('zero.dropped', { zero: 'drop' }, '{field}, which is 0, is left out', '值为 0 的 {field} 不参与签名'),
  how('zero.kept', { zero: 'keep' }, '{field}, which is 0, is signed too', '值为 0 的 {field} 也参与签名'),
  at('array.comma', { array: 'comma' }),
  at('array.spaced', { array: 'spaced' }),
  at('array.compact', { array: 'json' }),
  at('array.php', { array: 'php' }),
  at('array.go', { array: 'go' }),
  at('array.as_sent', { array: 'as-sent' }),
  how('array.dropped', { array: 'drop' }, '{field} is left out', '{field} 不参与签名'),
  how('number.js', { number: 'js' }, 'numbers are read by JavaScript first: {field} is signed as {text}', '数字先经 JavaScript 解析：{field} 以 {text} 参与签名'),
  how('number.php', { number: 'php' }, 'numbers are read by PHP first: {field} is signed as {text}', '数字先经 PHP 解析：{field} 以 {text} 参与签名'),
  how('number.go', { number: 'go' }, 'numbers are read by Go first: {field} is signed as {text}', '数字先经 Go 解析：{field} 以 {text} 参与签名'),
  how('number.java', { number: 'java' }, 'numbers are read as a Java Double first: {field} is signed as {text}', '数字先经 Java Double 解析：{field} 以 {text} 参与签名'),
  at('number.js_texts', { number: 'js-texts' }),
  at('number.fixed1', { number: 'fixed1' }),
  at('number.fixed2', { number: 'fixed2' }),
  at('object.as_sent', { object: 'as-sent' }),
  at('object.compact', { object: 'json' }),
  at('object.spaced', { object: 'spaced' }),
  at('object.go', { object: 'go' }),
  at('object.js', { object: 'js' }),
  at('object.php', { object: 'php' }),
  at('object.java', { object: 'java' }),
  how('object.dropped', { object: 'drop' }, '{field} is left out', '{field} 不参与签名'),
  at('boolean.digits', { boolean: 'digit' }),
  at('boolean.php', { boolean: 'digit-or-empty' }),
  at('boolean.capital', { boolean: 'capital' }),
  how('nested.js', { nested: 'js' }, '{field} is parsed and written again by JavaScript', '{field} 先解析再由 JavaScript 重新序列化'),
  how('nested.compact', { nested: 'compact' }, '{field} is written again without blanks', '{field} 被重新序列化（去掉空格）'),
  how('nested.php', { nested: 'php' }, String.raw`{field} is written again by PHP (\/ and \u escapes)`, String.raw`{field} 由 PHP 重新序列化（含 \/ 与 \u 转义）`),
  how('nested.php_letters', { nested: 'php-letters' }, String.raw`{field} is written again with / as \/`, String.raw`{field} 被重新序列化，/ 变为 \/`),
  how('nested.ascii', { nested: 'ascii' }, String.raw`{field} is written again with \u escapes`, String.raw`{field} 被重新序列化，中文变为 \u 转义`),
  how('nested.python', { nested: 'python' }, String.raw`{field} is written again by Python (blanks and \u escapes)`, String.raw`{field} 由 Python 重新序列化（含空格与 \u 转义）`),
  how('nested.python_letters', { nested: 'python-letters' }, '{field} is written again with blanks after , and :', '{field} 被重新序列化，逗号和冒号后带空格'),
  how('nested.go', { nested: 'go' }, '{field} is written again by Go (names sorted, < > & escaped)', '{field} 由 Go 重新序列化（字段排序，转义 < > &）'),
  how('nested.sorted', { nested: 'sorted' }, '{field} is written again with its names sorted', '{field} 被重新序列化且字段名排序'),
  how('strings.json', { strings: 'json' }, 'texts are signed in JSON quotes ({field})', '文本带 JSON 双引号参与签名（{field}）'),
  how('strings.json_php', { strings: 'json-php' }, String.raw`texts are signed as PHP writes JSON, with \/ and \u escapes ({field})`, String.raw`文本按 PHP 的 JSON 写法参与签名，含 \/ 与 \u 转义（{field}）`),
  how('strings.json_ascii', { strings: 'json-ascii' }, String.raw`texts are signed as JSON with \u escapes ({field})`, String.raw`文本以带 \u 转义的 JSON 参与签名（{field}）`),
  how('strings.quoted', { strings: 'quoted' }, 'texts are signed in quotes without escaping what is inside ({field})', '文本加双引号但内部不转义参与签名（{field}）'),
  how('strings.plain', { strings: 'plain' }, 'texts are signed without JSON quotes ({field})', '文本不带 JSON 双引号参与签名（{field}）'),
  how('url.undecoded', { url: 'undecoded' }, '{field} is signed as it stands in the form, not decoded', '{field} 未经 URL 解码即参与签名'),
  how('url.decoded_again', { url: 'again' }, '{field} is URL-decoded twice', '{field} 被 URL 解码了两次'),
  how('url.decoded', { url: 'decoded' }, '{field} is signed decoded', '{field} 以解码后的值参与签名'),
  how('url.encoded', { url: 'percent' }, '{field} is URL-encoded before it is signed', '{field} 先经 URL 编码再参与签名'),
  how('url.encoded_lower', { url: 'percent-lower' }, '{field} is URL-encoded with lower-case hex before it is signed', '{field} 先经 URL 编码（小写十六进制）再参与签名'),
  how('url.encoded_form', { url: 'form' }, '{field} is URL-encoded as in a form (blank as +) before it is signed', '{field} 先按表单方式 URL 编码（空格为 +）再参与签名'),
  how('url.encoded_twice', { url: 'uri-twice' }, '{field} goes through encodeURI twice before it is signed', '{field} 经过两次 encodeURI 再参与签名'),
  how('url.plus', { url: 'plus' }, 'blanks in {field} are signed as +', '{field} 中的空格以 + 参与签名'),
  how('url.plus_kept', { url: 'plus-kept' }, '+ in {field} is not read as a blank', '{field} 中的 + 未还原为空格'),
  how('html.escaped', { html: 'escaped' }, '{field} is HTML-escaped before it is signed', '{field} 先经 HTML 转义再参与签名'),
  how('html.unescaped', { html: 'unescaped' }, '{field} is HTML-unescaped before it is signed', '{field} 先经 HTML 反转义再参与签名'),
  how('trim.unicode', { trim: 'unicode' }, 'blanks around {field} are cut, full-width ones too', '{field} 首尾空白（含全角空格）被去掉'),
  how('trim.ascii', { trim: 'ascii' }, 'only ASCII blanks around {field} are cut', '{field} 首尾仅去掉半角空白'),
  how('trim.kept', { trim: 'none' }, 'blanks around {field} are kept', '{field} 首尾空白保留'),
  how('quotes.cut', { quotes: 'cut' }, 'the quotes around {field} are cut', '{field} 两端的双引号被去掉'),
  how('quotes.first_cut', { quotes: 'cut-first' }, 'only the first quote of {field} is cut', '{field} 只去掉了开头的双引号'),
  how('quotes.last_cut', { quotes: 'cut-last' }, 'only the last quote of {field} is cut', '{field} 只去掉了结尾的双引号'),
  how('quotes.kept', { quotes: 'keep' }, 'the quotes around {field} are kept', '{field} 两端的双引号保留'),
  how('emoji.dropped', { emoji: 'drop' }, 'emoji are removed from {field} first', '{field} 中的 emoji 被去掉'),
  how('emoji.question', { emoji: 'question' }, 'emoji in {field} have become ????', '{field} 中的 emoji 变成了 ????'),
];

/** What a signer may do to the whole. */
export const SHAPE_DEVIATIONS: readonly Deviation<FieldRules>[] = [
  how('charset.gb18030', { charset: 'gb18030' }, 'the text is hashed in GBK/GB18030, not UTF-8', '按 GBK/GB18030 而非 UTF-8 编码计算'),
  how('charset.latin1', { charset: 'latin1' }, 'the text is hashed in Latin-1, not UTF-8', '按 Latin-1 而非 UTF-8 编码计算'),
  how('order.given', { order: 'given' }, 'the fields are not sorted', '字段未排序'),
  how('order.utf16', { order: 'utf16' }, 'the sort order is that of UTF-16 (Java, JavaScript), not of bytes', '排序按 UTF-16（Java、JavaScript）而非字节序'),
  how('order.bytes', { order: 'bytes' }, 'the sort order is that of UTF-8 bytes', '排序按 UTF-8 字节序'),
  how('order.any_case', { order: 'any-case' }, 'the fields are sorted without regard to letter case', '排序时忽略大小写'),
  how('order.reverse', { order: 'reverse' }, 'the fields are in reverse order', '字段顺序相反'),
  how('order.by_text', { sortBy: 'text' }, 'the joined texts are sorted, not the names', '按拼接后的文本而非字段名排序'),
  how('order.by_name', { sortBy: 'name' }, 'the names are sorted, not the joined texts', '按字段名而非拼接后的文本排序'),
  how('frame.before', { before: '{secret}', after: '', among: undefined }, 'the secret stands in front only', '密钥只加在最前面'),
  how('frame.after', { before: '', after: '{secret}', among: undefined }, 'the secret stands behind only', '密钥只加在最后面'),
  how('frame.both', { before: '{secret}', after: '{secret}', among: undefined }, 'the secret stands in front and behind', '密钥前后各加一次'),
  how('frame.key', { before: '', after: '&key={secret}', among: undefined }, 'the secret is added as &key=', '密钥以 &key= 形式附加'),
  how('frame.amp', { before: '', after: '&{secret}', among: undefined }, 'the secret is added after &', '密钥以 & 连接在最后'),
  how('frame.among', { before: '', after: '', among: '' }, 'the secret is sorted among the values', '密钥与各字段值一起排序'),
  how('frame.none', { before: '', after: '', among: undefined }, 'no secret is in the text at all', '签名文本中没有密钥'),
  how('frame.app_secret', { before: '', after: '&app_secret={secret}', among: undefined }, 'the secret is added as &app_secret=', '密钥以 &app_secret= 形式附加'),
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
  how('inner.md5', { inner: 'md5' }, 'the joined fields are hashed before the secret is added', '先对拼接文本做 MD5，再附加密钥'),
  how('inner.md5_upper', { inner: 'md5-upper' }, 'the joined fields are hashed (upper case) before the secret is added', '先对拼接文本做 MD5（大写），再附加密钥'),
  how('source.query_too', { source: 'body+query' }, 'the parameters of the query are signed with the fields of the body', '地址栏参数与请求体字段一起参与签名'),
  how('source.query_only', { source: 'query' }, 'only the parameters of the query are signed', '只有地址栏参数参与签名'),
];

const tell = (code: string, change: Partial<MessageRules>, en: string, zh: string): Deviation<MessageRules> =>
  deviation(code, change, en, zh);

/** What a signer may do to a message that is signed as a whole. */
export const MESSAGE_DEVIATIONS: readonly Deviation<MessageRules>[] = [
  tell('body.js', { body: 'js' }, 'the body is parsed and written again by JavaScript', '请求体先解析再由 JavaScript 重新序列化'),
  tell('body.compact', { body: 'compact' }, 'the body is written again without blanks', '请求体被重新序列化（去掉空格）'),
  tell('body.python', { body: 'python' }, String.raw`the body is written again by Python (blanks and \u escapes)`, String.raw`请求体由 Python 重新序列化（含空格与 \u 转义）`),
  tell('body.python_letters', { body: 'python-letters' }, 'the body is written again with blanks after , and :', '请求体被重新序列化，逗号和冒号后带空格'),
  tell('body.php', { body: 'php' }, String.raw`the body is written again by PHP (\/ and \u escapes)`, String.raw`请求体由 PHP 重新序列化（含 \/ 与 \u 转义）`),
  tell('body.php_letters', { body: 'php-letters' }, String.raw`the body is written again with / as \/`, String.raw`请求体被重新序列化，/ 变为 \/`),
  tell('body.ascii', { body: 'ascii' }, String.raw`the body is written again with \u escapes`, String.raw`请求体被重新序列化，中文变为 \u 转义`),
  tell('body.go', { body: 'go' }, 'the body is written again by Go (names sorted, < > & escaped)', '请求体由 Go 重新序列化（字段排序，转义 < > &）'),
  tell('body.sorted', { body: 'sorted' }, 'the body is written again with its names sorted', '请求体被重新序列化且字段名排序'),
  tell('body.trimmed', { body: 'trimmed' }, 'blanks around the body are cut', '请求体首尾空白被去掉'),
  tell('body.line_end', { body: 'line-end' }, 'a line feed stands behind the body', '请求体末尾多一个换行'),
  tell('key.text', { key: 'text' }, 'the secret’s text itself is the key, not what it encodes', '以密钥文本本身为 key，未解码'),
  tell('key.base64', { key: 'base64' }, 'the secret is decoded from base64 first', '密钥先经 base64 解码'),
  tell('key.hex', { key: 'hex' }, 'the secret is decoded from hex first', '密钥先经十六进制解码'),
  tell('charset.gb18030', { charset: 'gb18030' }, 'the text is hashed in GBK/GB18030, not UTF-8', '按 GBK/GB18030 而非 UTF-8 编码计算'),
];

export const CASE_WORDS: Readonly<Record<'notation' | 'cut' | 'blanks', Words>> = {
  notation: {
    en: 'the signature is written in another form ({given}) than the scheme says ({wanted})',
    zh: '签名的书写形式（{given}）与约定（{wanted}）不同',
  },
  cut: { en: 'the signature is cut short', zh: '签名被截短' },
  blanks: { en: 'blanks or quotes stand around the signature', zh: '签名首尾多了空白或引号' },
};
