import type { Words } from '../account-fields.ts';

/**
 * How platforms sign, as data. A connector describes its schemes and the mistakes that are known of them; the doctor
 * searches over them and over the space that `deviations.ts` spans. Nothing here is used to verify a callback.
 */

/** Plain digests over text that holds the secret, keyed ones over text that does not. */
export type Digest =
  | 'md5'
  | 'sha1'
  | 'sha256'
  | 'sha384'
  | 'sha512'
  | 'hmac-md5'
  | 'hmac-sha1'
  | 'hmac-sha256'
  | 'hmac-sha384'
  | 'hmac-sha512'
  /** RSA with SHA-256, PKCS#1 v1.5: the secret is one of the two keys. */
  | 'rsa-sha256';

/** How the digest is written down. `hex`: in either letter case. */
export type Notation = 'hex-lower' | 'hex-upper' | 'hex' | 'base64';

/** Ways of writing JSON again that was parsed: each is the default of some language. */
export type JsonWriting =
  /** `JSON.stringify`: compact, letters as they are, numbers through a double. */
  | 'js'
  /** Compact, number tokens as they came. */
  | 'compact'
  /** Python's `json.dumps`: blanks after `,` and `:`, letters beyond ASCII as `\u….`. */
  | 'python'
  | 'python-letters'
  /** PHP's `json_encode`: `/` as `\/`, letters beyond ASCII as `\u…`. */
  | 'php'
  | 'php-letters'
  | 'ascii'
  /** Go's `json.Marshal`: `<`, `>`, `&` as `\u…`, names of a map sorted. */
  | 'go'
  | 'sorted';

export interface FieldRules {
  /** Where the fields are. `body`: or the query where the body is empty. */
  readonly source: 'body' | 'query' | 'body+query';
  /** A field that holds base64 of a JSON object, whose members are the fields. */
  readonly unwrap?: string | undefined;
  /** Objects of the body whose members, merged, are the fields. */
  readonly merge?: readonly string[] | undefined;
  /** Only these are signed; left out: all. */
  readonly only?: readonly string[] | undefined;
  /** These are not signed. */
  readonly except: readonly string[];
  readonly exceptAnyCase: boolean;
  /** Fields of the body whose values stand before the joined text and are not joined. */
  readonly lead: readonly string[];
  /** What an additional field is said to be, when the sender signed one that it did not send. */
  readonly injected: readonly (readonly [name: string, value: string])[];

  readonly pair: 'name-value' | 'name=value' | 'name:value' | 'value';
  readonly separator: string;
  readonly order: 'bytes' | 'utf16' | 'any-case' | 'given' | 'reverse';
  /** What is sorted: the names, or what is joined. */
  readonly sortBy: 'name' | 'text';
  /** Text in front of and behind the joined fields; `{secret}`, `{field:name}` are filled in. */
  readonly before: string;
  readonly after: string;
  /** The secret is one of the joined values: under a name, or bare (''). */
  readonly among?: string | undefined;
  /** The joined fields are replaced by their MD5 before the secret is added. */
  readonly inner?: 'md5' | 'md5-upper' | undefined;

  readonly digest: Digest;
  readonly twice: boolean;
  readonly notation: Notation;
  readonly charset: 'utf-8' | 'gb18030' | 'latin1';

  readonly number: 'text' | 'js' | 'js-texts' | 'php' | 'go' | 'java' | 'fixed1' | 'fixed2';
  readonly array: 'json' | 'spaced' | 'as-sent' | 'comma' | 'php' | 'go' | 'js' | 'drop';
  readonly object: 'json' | 'spaced' | 'as-sent' | 'php' | 'go' | 'js' | 'java' | 'drop';
  readonly boolean: 'word' | 'digit' | 'digit-or-empty' | 'capital';
  readonly null: 'drop' | 'empty' | 'text' | 'none' | 'nil';
  readonly empty: 'keep' | 'skip';
  readonly zero: 'keep' | 'drop';
  /** Values that are skipped by their text. */
  readonly skip: readonly string[];
  /** `json`: text in double quotes, escaped; `quoted`: in double quotes, as it is. */
  readonly strings: 'plain' | 'json' | 'json-php' | 'json-ascii' | 'quoted';
  /** Texts of these fields are plain, whatever `strings` says. */
  readonly unquoted?: readonly string[] | undefined;
  readonly trim: 'none' | 'unicode' | 'ascii';
  /** Double quotes around a value. */
  readonly quotes: 'keep' | 'cut' | 'cut-first' | 'cut-last';
  /** JSON within a text. */
  readonly nested: 'keep' | JsonWriting;
  readonly url:
    | 'decoded'
    | 'undecoded'
    | 'again'
    | 'percent'
    | 'percent-lower'
    | 'form'
    | 'plus'
    | 'uri-twice'
    /** `+` in a form taken as it is, `%` decoded. */
    | 'plus-kept';
  readonly html: 'keep' | 'escaped' | 'unescaped';
  readonly emoji: 'keep' | 'drop' | 'question';
  readonly names: 'keep' | 'lower';
}

export interface MessageRules {
  /**
   * `{body}`, `{method}`, `{path}`, `{query}`, `{secret}`, `{topic}`, `{header:name}` and `{header?:name}`, which may be
   * missing, are filled in; `{target}` is the path with the query, sorted by name, and `{headers:name}` a line `Name:value`
   * for each header that the header `name` lists, sorted; `{headers-listed:name}` and `{headers-lower:name}` the same in
   * their order there, and with names in lower case.
   */
  readonly text: string;
  readonly body: 'as-sent' | 'trimmed' | 'line-end' | JsonWriting;
  readonly digest: Digest;
  readonly notation: Notation;
  /** How the secret becomes the key. `prefixed-base64`: the base64 after `whsec_` or the like, else the text itself. */
  readonly key: 'text' | 'base64' | 'hex' | 'prefixed-base64';
  readonly charset: 'utf-8' | 'gb18030' | 'latin1';
}

/** Where a signature stands. */
export type SignaturePlace =
  | { readonly in: 'field'; readonly name: string }
  | {
      readonly in: 'header';
      readonly name: string;
      /** Before each signature, such as `v1,`. */
      readonly prefix?: string;
      /** The header is a list of `name=value`; this one is the signature. */
      readonly attribute?: string;
    };

/** A known mistake: what the signer did otherwise. */
export interface KnownForm<Rules> {
  readonly code: string;
  /** Completes "it matches when …" / "当……时相符". `{field}`: the fields it changes; `{text}`: how the first one reads then. */
  readonly words: Words;
  readonly change: Partial<Rules>;
}

interface SchemeBase {
  /** Unique within its platform. */
  readonly code: string;
  readonly label: Words;
  readonly direction: 'in' | 'out';
  readonly signature: SignaturePlace;
  /** Credentials that sign, the documented one first. */
  readonly secrets: readonly string[];
  /** What the body is. */
  readonly body: 'json' | 'form' | 'any';
  /** Fields or headers that must be there; a near miss of a name is told. */
  readonly expects?: readonly string[];
  /** Fields that name the account, with the credential that they must equal. */
  readonly identity?: readonly { readonly field: string; readonly credential: string }[];
  /** A header with the Base64 of the body's MD5. */
  readonly bodyMd5?: string;
  /** A field or header with the sender's time. */
  readonly timestamp?: { readonly name: string; readonly unit: 's' | 'ms' };
}

export interface FieldScheme extends SchemeBase {
  readonly kind: 'fields';
  readonly rules: FieldRules;
  readonly forms: readonly KnownForm<FieldRules>[];
}

export interface MessageScheme extends SchemeBase {
  readonly kind: 'message';
  readonly rules: MessageRules;
  readonly forms: readonly KnownForm<MessageRules>[];
}

export type Scheme = FieldScheme | MessageScheme;

/** What a connector tells the doctor. */
export interface DoctorSheet {
  readonly schemes: readonly Scheme[];
  /** Where requests of a direction are not signed at all: what proves them instead. */
  readonly unsigned?: { readonly in?: Words; readonly out?: Words };
}

/** Fields as they come, nothing added: what a scheme starts from. */
export const PLAIN_FIELDS: FieldRules = {
  source: 'body',
  except: [],
  exceptAnyCase: false,
  lead: [],
  injected: [],
  pair: 'name=value',
  separator: '',
  order: 'bytes',
  sortBy: 'name',
  before: '',
  after: '',
  digest: 'md5',
  twice: false,
  notation: 'hex-lower',
  charset: 'utf-8',
  number: 'text',
  array: 'json',
  object: 'json',
  boolean: 'word',
  null: 'drop',
  empty: 'keep',
  zero: 'keep',
  skip: [],
  strings: 'plain',
  trim: 'none',
  quotes: 'keep',
  nested: 'keep',
  url: 'decoded',
  html: 'keep',
  emoji: 'keep',
  names: 'keep',
};

export const PLAIN_MESSAGE: MessageRules = {
  text: '{body}',
  body: 'as-sent',
  digest: 'hmac-sha256',
  notation: 'base64',
  key: 'text',
  charset: 'utf-8',
};
