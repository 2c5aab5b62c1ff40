import { get, request } from './request.ts';
import type { Page } from './request.ts';
import type { BothWords } from './platforms.ts';

export const VERDICTS = ['applied', 'duplicate', 'stale', 'rejected', 'unrecognised', 'nothing', 'held'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Callback {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly topic: string;
  readonly method: string;
  readonly receivedAt: string;
  readonly processedAt: string;
  readonly verdict: Verdict;
  readonly reason: string | null;
  /** What it was believed on: a signature, an address of ours. */
  readonly evidence: string | null;
  readonly secretFingerprint: string | null;
  readonly orders: readonly string[];
  readonly bodyBytes: number;
  readonly reply: { readonly status: number; readonly body: string };
}

export interface CallbackDetail extends Callback {
  /** null where it may hold personal data that was not revealed. */
  readonly request: {
    readonly query: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
    readonly bodyBase64: string;
    readonly isCut: boolean;
  } | null;
}

export interface CallbackFilter {
  readonly account: string | null;
  readonly platform: string | null;
  readonly verdict: string | null;
  readonly order: string | null;
}

const PAGE_SIZE = 50;

export const listCallbacks = (
  filter: CallbackFilter,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Callback>> => get('/callbacks', { ...filter, cursor, limit: PAGE_SIZE }, signal);

/** Why personal data is wanted; null: it stays masked, or left out. */
export type Reveal = string | null;

const revealed = (reason: Reveal): { readonly reveal?: string; readonly reason?: string } =>
  reason === null ? {} : { reveal: 'personal', reason };

export const readCallback = (id: string, reason: Reveal, signal?: AbortSignal): Promise<CallbackDetail> =>
  get(`/callbacks/${encodeURIComponent(id)}`, revealed(reason), signal);

export const redriveCallback = (id: string): Promise<Callback> =>
  request('POST', `/callbacks/${encodeURIComponent(id)}/redrive`);

export interface DiagnosisMatch {
  readonly confidence: 'certain' | 'likely';
  readonly scheme: { readonly platform: string; readonly code: string; readonly label: BothWords };
  readonly secret: {
    readonly name: string;
    readonly fingerprint: string;
    readonly state: 'current' | 'retired' | 'pasted';
  } | null;
  readonly deviations: readonly { readonly code: string; readonly field: string | null }[];
  readonly text: BothWords;
  readonly hashed: string;
}

export interface Diagnosis {
  readonly matches: readonly DiagnosisMatch[];
  readonly nearMisses: readonly {
    readonly code: string;
    readonly field: string | null;
    readonly scheme: { readonly platform: string; readonly code: string };
    readonly text: BothWords;
  }[];
  readonly tried: number;
  readonly exhausted: boolean;
  readonly tookMs: number;
  readonly advice: BothWords;
  readonly verification: {
    readonly ok: boolean;
    readonly reason: string | null;
    readonly detail: string | null;
  } | null;
}

/** What the doctor is asked: a stored callback, or a request that somebody has at hand. */
export interface Question {
  readonly callback?: string;
  readonly direction?: 'in' | 'out';
  readonly platform?: string;
  readonly account?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly topic?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

export const diagnose = (question: Question, reason: Reveal): Promise<Diagnosis> =>
  request('POST', '/signatures/diagnose', { body: question, query: revealed(reason) });
