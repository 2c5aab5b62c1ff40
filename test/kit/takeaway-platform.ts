import { accept, signatureEvidence } from '../../src/core/accept.ts';
import { defineConnector } from '../../src/core/connector.ts';
import { jsonReply } from '../../src/core/replies.ts';
import type { Connector } from '../../src/core/connector.ts';
import type { Fact, Report } from '../../src/core/fact.ts';
import { PAYMENT_RANKS } from '../../src/core/registers.ts';
import { sha256Hex } from '../../src/core/signing.ts';

export interface TakeawayMessage {
  readonly number: string;
  readonly merchantNumber?: string;
  readonly store?: string;
  readonly payment: 'unpaid' | 'paid' | 'refunded';
  readonly at: number;
  readonly placedAt?: number;
  readonly risk?: boolean;
  readonly name?: string;
  readonly phone?: string;
  readonly note?: string;
}

const words = (text: string): { en: string; zh: string } => ({ en: text, zh: text });

/** The signature of a message of the platform below. */
export const takeawaySignature = (body: string, secret: string): string => sha256Hex(`${secret}${body}`);

/** A platform with everything that the API shows and that some real one lacks: customers, stores, fields of each kind. */
export const takeawayPlatform: Connector = defineConnector<TakeawayMessage>({
  id: 'test-takeaway',
  label: words('Test takeaway'),
  orderKinds: ['takeaway'],
  account: {
    callbackSecrets: ['signKey'],
    credentials: [
      {
        name: 'developerId',
        kind: 'text',
        maxLength: 20,
        pattern: '^[0-9]+$',
        required: true,
        label: words('id'),
        help: words('id'),
      },
      { name: 'signKey', kind: 'text', maxLength: 100, required: true, label: words('key'), help: words('key') },
    ],
    settings: [
      {
        name: 'baseUrl',
        kind: 'url',
        default: 'https://api.example.com',
        required: false,
        label: words('host'),
        help: words('host'),
      },
      {
        name: 'minutes',
        kind: 'integer',
        minimum: 1,
        maximum: 60,
        default: 5,
        required: false,
        label: words('m'),
        help: words('m'),
      },
      { name: 'loud', kind: 'boolean', default: false, required: false, label: words('l'), help: words('l') },
      { name: 'extra', kind: 'json', required: false, label: words('e'), help: words('e') },
    ],
  },
  topics: [
    { name: 'order', label: words('order') },
    { name: 'refund', label: words('refund') },
  ],
  registers: {
    payment: { by: 'rank', ranks: PAYMENT_RANKS },
    customer: { by: 'time' },
    note: { by: 'time' },
    takeaway: { by: 'time' },
    store: { by: 'time' },
    placedAt: { by: 'time' },
    'flag.risk': { by: 'time' },
  },
  verify(request, account) {
    const body = Buffer.from(request.body).toString('utf8');
    for (const secret of account.secrets('signKey')) {
      const evidence = signatureEvidence(
        request.headers['x-sign'] ?? '',
        takeawaySignature(body, secret.value),
        secret,
      );
      if (evidence !== undefined)
        return { ok: true, accepted: accept(request, evidence, JSON.parse(body) as TakeawayMessage) };
    }
    return { ok: false, refusal: { reason: 'wrong_signature', detail: 'no secret fits' } };
  },
  parse({ content }) {
    const facts: Fact[] = [
      { line: '', register: 'payment', value: content.payment },
      { line: '', register: 'takeaway', value: { daySequence: 7, wantedAt: null, deliveryMode: 'platform' } },
    ];
    if (content.placedAt !== undefined) facts.push({ line: '', register: 'placedAt', value: content.placedAt });
    if (content.store !== undefined)
      facts.push({ line: '', register: 'store', value: { ref: content.store, name: null } });
    if (content.risk !== undefined) facts.push({ line: '', register: 'flag.risk', value: content.risk });
    if (content.note !== undefined) facts.push({ line: '', register: 'note', value: content.note });
    if (content.name !== undefined || content.phone !== undefined) {
      const value = { name: content.name ?? null, phone: content.phone ?? null, address: null, location: null };
      facts.push({ line: '', register: 'customer', value });
    }
    const report: Report = {
      aliases: [
        { kind: 'platform', value: content.number },
        ...(content.merchantNumber === undefined ? [] : [{ kind: 'merchant' as const, value: content.merchantNumber }]),
      ],
      kind: 'takeaway',
      at: content.at,
      facts,
    };
    return { kind: 'reports', reports: [report] };
  },
  reply: (outcome) => jsonReply(outcome === 'stored' ? '{"data":"OK"}' : '{"data":"error"}'),
  sandbox: {
    demoAccount: () => ({ credentials: { developerId: '1', signKey: 'k' }, settings: {} }),
    tell: () => {
      throw new Error('this platform tells no stories');
    },
    isReceived: () => true,
    retryGapsMs: [],
  },
});
