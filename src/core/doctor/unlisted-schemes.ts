import { SHAPE_DEVIATIONS } from './shape-deviations.ts';
import { VALUE_DEVIATIONS } from './value-deviations.ts';
import type { Reading } from './request-reading.ts';
import { PLAIN_FIELDS, PLAIN_MESSAGE } from './scheme.ts';
import type { FieldScheme, MessageScheme } from './scheme.ts';
import { isFieldScheme, probe } from './trial.ts';
import type { AnyDeviation, AnyRules, Candidate, Known } from './trial.ts';

/**
 * The systematic space behind all known schemes: how fields are paired, separated, sorted and framed, and what is
 * usual where a body is signed as a whole. Each point is described by the shapes that it is made of.
 */
export function* unlistedCandidates(reading: Reading, own: readonly Known[]): Generator<Candidate> {
  const [model] = own;
  if (model === undefined) return;
  yield* fieldSpace(own);
  yield* messageSpace(reading, model);
}

/** The space of fields again, with each thing done to values that matters for this request. */
export function* unlistedWithValues(reading: Reading, own: readonly Known[]): Generator<Candidate> {
  const values = VALUE_DEVIATIONS as readonly AnyDeviation[];
  const seen = new Set<string | undefined>();
  for (const deviation of values.filter(({ code }) => !code.startsWith('empty.'))) {
    let isFirst = true;
    for (const candidate of fieldSpace(own)) {
      const changed = made(candidate.known, [...candidate.deviations, deviation]);
      if (isFirst) {
        isFirst = false;
        seen.add(probe(reading, candidate));
        const text = probe(reading, changed);
        if (seen.has(text)) break;
        seen.add(text);
      }
      yield changed;
    }
  }
}

const shape = (code: string): AnyDeviation => {
  const found = SHAPE_DEVIATIONS.find((deviation) => deviation.code === code);
  if (found === undefined) throw new TypeError(`there is no shape ${code}`);
  return found;
};
const shapes = (...codes: readonly string[]): readonly AnyDeviation[] => codes.map(shape);

const PAIRS = shapes('pair.name_equals', 'pair.name_value', 'pair.value', 'pair.name_colon');
const SEPARATORS = shapes('separator.amp', 'separator.none', 'separator.comma', 'separator.line');
const ORDERS = shapes('order.bytes', 'order.given', 'order.any_case');
const FRAMES = [
  ...shapes('frame.after', 'frame.before', 'frame.both', 'frame.key', 'frame.amp', 'frame.among', 'frame.app_secret'),
  ...['secret', 'appSecret', 'appkey', 'app_key', 'token', 'signKey', 'key'].map((name): AnyDeviation => ({
    code: `frame.named_${name}`,
    words: { en: `the secret is added as &${name}=`, zh: `密钥以 &${name}= 形式附加` },
    change: { before: '', after: `&${name}={secret}`, among: undefined },
  })),
  {
    code: 'digest.hmac',
    words: { en: 'the secret is the key of an HMAC', zh: '密钥作为 HMAC 的 key 使用' },
    change: { digest: 'hmac-md5', before: '', after: '', among: undefined },
  } satisfies AnyDeviation,
];
const EMPTIES: readonly AnyDeviation[] = [
  {
    code: 'empty.skipped',
    words: { en: 'empty fields are left out', zh: '空值字段不参与签名' },
    change: { empty: 'skip' },
  },
  {
    code: 'empty.kept',
    words: { en: 'empty fields are signed too', zh: '空值字段也参与签名' },
    change: { empty: 'keep' },
  },
];

function* fieldSpace(own: readonly Known[]): Generator<Candidate> {
  const model = own.find(isFieldScheme);
  const first = model ?? own[0];
  if (first === undefined) return;
  const base = { ...PLAIN_FIELDS, ...(model === undefined ? {} : sourceOf(model.scheme)) };
  const scheme: FieldScheme = {
    kind: 'fields',
    code: 'unlisted',
    label: { en: 'a scheme that is not listed', zh: '未收录的签名方式' },
    direction: first.scheme.direction,
    signature: first.scheme.signature,
    secrets: first.scheme.secrets,
    body: 'any',
    rules: base,
    forms: [],
  };
  const known = stand(first, scheme);
  for (const empty of EMPTIES) {
    for (const order of ORDERS) {
      for (const pair of PAIRS) {
        for (const separator of SEPARATORS) {
          for (const frame of FRAMES) yield made(known, [pair, separator, order, frame, empty]);
        }
      }
    }
  }
}

/** What is not in question: where the fields are, and that the signature is none of them. */
const sourceOf = ({ rules, signature }: FieldScheme): AnyRules => ({
  source: rules.source,
  unwrap: rules.unwrap,
  merge: rules.merge,
  except: [...new Set([signature.name, 'sign', 'signature'])],
  exceptAnyCase: true,
});

function* messageSpace(reading: Reading, model: Known): Generator<Candidate> {
  const headers = Object.keys(reading.request.headers);
  const named = (pattern: RegExp): string[] =>
    headers.filter((name) => pattern.test(name)).map((name) => `{header:${name}}`);
  const times = ['', ...named(/time|date$/u)];
  const nonces = ['', ...named(/nonce|random|(?:^|-)id$/u)];
  const scheme: MessageScheme = {
    kind: 'message',
    code: 'unlisted',
    label: { en: 'a scheme that is not listed', zh: '未收录的签名方式' },
    direction: model.scheme.direction,
    signature: model.scheme.signature,
    secrets: model.scheme.secrets,
    body: 'any',
    rules: PLAIN_MESSAGE,
    forms: [],
  };
  const known = stand(model, scheme);
  for (const time of times) {
    for (const nonce of nonces) {
      for (const separator of ['', '.', '\n', '&']) {
        const parts = [time, nonce, '{body}'].filter((part) => part !== '');
        if (parts.length === 1 && separator !== '') continue;
        const orders = [parts, parts.toReversed()].map((order) => order.join(separator));
        for (const text of [...new Set([...orders, orders[0] + separator])]) {
          for (const [frame, digest] of BODY_FRAMES) {
            yield made(known, [asWhole(frame.replace('{text}', text), digest)]);
          }
        }
      }
    }
  }
}

const BODY_FRAMES: readonly (readonly [string, 'md5' | 'hmac-sha256'])[] = [
  ['{text}', 'hmac-sha256'],
  ['{text}{secret}', 'md5'],
  ['{secret}{text}', 'md5'],
  ['{secret}{text}{secret}', 'md5'],
  ['{text}&key={secret}', 'md5'],
  ['{text}&{secret}', 'md5'],
];

const asWhole = (text: string, digest: 'md5' | 'hmac-sha256'): AnyDeviation => {
  const shown = text.replaceAll('\n', '↵').replaceAll(/\{(?:header:)?([^}]+)\}/gu, '‹$1›');
  return {
    code: digest === 'md5' ? 'message.digest' : 'message.hmac',
    words: {
      en: `the body is signed as a whole: ${digest === 'md5' ? 'digest' : 'HMAC'} of ${shown}`,
      zh: `整个请求体参与签名：${digest === 'md5' ? '摘要' : 'HMAC'}（${shown}）`,
    },
    change: { text, digest },
  };
};

const made = (known: Known, deviations: readonly AnyDeviation[]): Candidate => ({
  known,
  rules: Object.assign({}, known.scheme.rules, ...deviations.map(({ change }) => change)) as Candidate['rules'],
  deviations,
});

/** A stand-in keeps the signatures of the scheme that it stands for; see `Known.of`. */
const stand = <S extends FieldScheme | MessageScheme>(model: Known, scheme: S): Known<S> => ({
  of: model.of,
  scheme,
  for: model.scheme,
});
