import { setImmediate } from 'node:timers/promises';
import type { CallbackRequest } from '../core/accept.ts';
import type { Words } from '../core/account-fields.ts';
import type { Connector, Refusal } from '../core/connector.ts';
import { diagnose, openCredentials } from '../core/doctor/diagnosis.ts';
import type { Diagnosis, DiagnosisInput } from '../core/doctor/diagnosis.ts';
import { readRequest } from '../core/doctor/request-reading.ts';
import type { DoctorRequest } from '../core/doctor/request-reading.ts';
import type { DoctorSecret, PlatformSheet } from '../core/doctor/trial.ts';
import { HuidanError } from '../core/errors.ts';
import { secretFingerprint } from '../core/signing.ts';
import { openRequest } from '../store/receipts.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';
import { findVisibleReceipt, mayHoldPersonalData } from './read-callbacks.ts';
import { mayReveal, recordReveal } from './reveal.ts';
import type { RevealWish } from './reveal.ts';

/** What the doctor is asked: about a stored callback, or about a request that came or that was sent. */
export interface DiagnoseInput {
  /** Id of a stored callback. Without it the request itself is here. */
  readonly callback?: string;
  readonly direction?: 'in' | 'out';
  readonly platform?: string;
  /** Its secrets are tried, those no longer valid too. */
  readonly account?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly topic?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Secrets to try beside those of the account. */
  readonly secrets?: readonly { readonly name: string; readonly value: string }[];
  /** A signature to explain instead of the one in the request. */
  readonly signature?: string;
}

export interface DiagnosisJson extends Diagnosis {
  readonly tookMs: number;
  /** What the connector itself says with the secrets that are valid now; null for what we sent or without an account. */
  readonly verification:
    | { readonly ok: true; readonly reason: null; readonly detail: null }
    | { readonly ok: false; readonly reason: Refusal['reason']; readonly detail: string }
    | null;
}

export interface DiagnoseDeps {
  readonly accounts: AccountDirectory;
}

/** The longest that one search may take. */
const TIME_LIMIT_MS = 2000;
/** Callbacks come in between: a search holds the process this long at a time, in candidates and in ms. */
const SLICE_CANDIDATES = 64;
const SLICE_MS = 8;
/** One search at a time, since each takes a core; so many may wait for it. */
const MOST_WAITING = 4;

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * Searches for what is wrong with a signature. Secrets of an account are used only for keys that may see the account,
 * and only when it is named, by itself or by a stored callback.
 * Errors: `account_not_found`, `callback_not_found`, `platform_unknown`, `malformed_request`, `overloaded`,
 * `forbidden`, `reveal_needs_reason`.
 */
export async function diagnoseSignature(
  ctx: HubContext,
  deps: DiagnoseDeps,
  principal: Principal,
  input: DiagnoseInput,
  wish: RevealWish,
): Promise<DiagnosisJson> {
  const reveal = mayReveal(principal, wish);
  const question =
    input.callback === undefined
      ? await askedRequest(ctx, deps, principal, input)
      : await storedRequest(ctx, deps, principal, input, input.callback);
  const { account, connector, request, stored } = question;
  const isPersonal = stored !== undefined && mayHoldPersonalData(connector);
  if (stored !== undefined && isPersonal && reveal) await recordReveal(ctx, ctx.pool, principal, wish, [stored.id]);
  if (account !== undefined) {
    await recordAudit(ctx, ctx.pool, principal, {
      action: 'signature.diagnosed',
      subject: stored?.id ?? account.row.id,
      detail: { account: account.row.id },
    });
  }
  const startedAtMs = ctx.clock();
  const verification = verificationOf(account, request, startedAtMs, stored);
  const sheets = ctx.registry.all.flatMap(platformSheet);
  const search: DiagnosisInput = {
    reading: readRequest(request),
    platform: connector?.id ?? null,
    sheets,
    secrets: [...(account === undefined ? [] : secretsOf(account)), ...pasted(input.secrets ?? [])],
    plainCredentials: account === undefined ? {} : openValues(account),
    nowMs: startedAtMs,
    hideValues: isPersonal && !reveal,
    isRefused: verification?.ok === false,
    ...(input.signature === undefined ? {} : { signature: input.signature }),
  };
  const diagnosis = await inTurn(() => searchInSlices(ctx, search));
  return {
    ...diagnosis,
    advice: withVerification(diagnosis, verification),
    tookMs: Math.round(ctx.clock() - startedAtMs),
    verification,
  };
}

/** A connector as the doctor sees it; none where it brings no sheet. */
export function platformSheet({ id, label, doctor, account }: Connector): readonly PlatformSheet[] {
  if (doctor === undefined) return [];
  const credentials = Object.fromEntries(account.credentials.map((field) => [field.name, field.label]));
  return [{ platform: id, label, sheet: doctor, credentials }];
}

interface AskedQuestion {
  readonly account: KnownAccount | undefined;
  readonly connector: Connector | undefined;
  readonly request: DoctorRequest;
  readonly stored?: { readonly id: string; readonly isCut: boolean };
}

async function storedRequest(
  ctx: HubContext,
  deps: DiagnoseDeps,
  principal: Principal,
  input: DiagnoseInput,
  id: string,
): Promise<AskedQuestion> {
  if (input.body !== undefined || input.headers !== undefined || input.query !== undefined) {
    throw new HuidanError('malformed_request', 'Either callback, or headers, query and body.');
  }
  if (input.direction === 'out') throw new HuidanError('malformed_request', 'A stored callback came in.');
  const row = await findVisibleReceipt(ctx, principal, id);
  if ((input.account ?? row.account_id) !== row.account_id || (input.platform ?? row.platform) !== row.platform) {
    throw new HuidanError('malformed_request', 'The callback is of another account or platform.');
  }
  // Who sees the callbacks of one shop may not have the secrets of a whole account tried.
  if (!covers(principal, { account: row.account_id, merchant: row.merchant, shop: null })) {
    throw new HuidanError('forbidden', 'The account of the callback lies outside the limits of the key.');
  }
  const { query, headers, body } = openRequest(ctx.sealer, row.raw);
  return {
    account: await freshAccount(deps, row.account_id),
    connector: ctx.registry.get(row.platform),
    request: { direction: 'in', method: row.method, path: '', query, topic: row.topic, headers, body },
    stored: { id, isCut: body.length < row.body_bytes },
  };
}

async function askedRequest(
  ctx: HubContext,
  deps: DiagnoseDeps,
  principal: Principal,
  input: DiagnoseInput,
): Promise<AskedQuestion> {
  const account = input.account === undefined ? undefined : await visibleAccount(deps, principal, input.account);
  const platform = input.platform ?? account?.row.platform;
  const connector = platform === undefined ? undefined : ctx.registry.get(platform);
  if (platform !== undefined && connector === undefined) {
    throw new HuidanError('platform_unknown', `Known are: ${ctx.registry.all.map(({ id }) => id).join(', ')}.`);
  }
  if (account !== undefined && platform !== account.row.platform) {
    throw new HuidanError('malformed_request', `The account is one of ${account.row.platform}.`);
  }
  const headers = Object.entries(input.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    account,
    connector,
    request: {
      direction: input.direction ?? 'in',
      method: (input.method ?? 'POST').toUpperCase(),
      path: input.path ?? '',
      query: (input.query ?? '').replace(/^\?/u, ''),
      topic: input.topic ?? '',
      headers: Object.fromEntries(headers),
      body: input.body ?? new Uint8Array(),
    },
  };
}

/** A secret that was put right a moment ago counts already. */
function freshAccount({ accounts }: DiagnoseDeps, id: string): Promise<KnownAccount | undefined> {
  accounts.forget(id);
  return accounts.find(id);
}

async function visibleAccount(deps: DiagnoseDeps, principal: Principal, id: string): Promise<KnownAccount> {
  const account = await freshAccount(deps, id);
  if (account === undefined || !covers(principal, { account: id, merchant: account.row.merchant, shop: null })) {
    throw new HuidanError('account_not_found');
  }
  return account;
}

/** Every value of every credential: the one that signs is often not the one that should. */
function secretsOf({ connector, view, viewWithOldSecrets }: KnownAccount): readonly DoctorSecret[] {
  return connector.account.credentials.flatMap(({ name, label }) => {
    const valid = new Set(view.secrets(name).map(({ value }) => value));
    return viewWithOldSecrets
      .secrets(name)
      .filter(({ value }) => value !== '')
      .map(({ value, fingerprint }) => ({
        name,
        label,
        value,
        fingerprint,
        state: valid.has(value) ? ('current' as const) : ('retired' as const),
      }));
  });
}

const pasted = (secrets: NonNullable<DiagnoseInput['secrets']>): readonly DoctorSecret[] =>
  secrets.map(({ name, value }) => ({
    name,
    value,
    label: { en: name, zh: name },
    fingerprint: secretFingerprint(value),
    state: 'pasted',
  }));

function openValues({ connector, view }: KnownAccount): Readonly<Record<string, string>> {
  const names = connector.doctor === undefined ? [] : [...openCredentials(connector.doctor)];
  return Object.fromEntries(
    names.map((name) => [name, view.credential(name)] as const).filter((pair) => pair[1] !== undefined),
  ) as Record<string, string>;
}

/** Runs one search after the other. Error: `overloaded`. */
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (waiting >= MOST_WAITING) throw new HuidanError('overloaded');
  waiting += 1;
  const turn = last.then(work);
  last = turn.catch(() => {});
  try {
    return await turn;
  } finally {
    waiting -= 1;
  }
}

async function searchInSlices({ clock }: Pick<HubContext, 'clock'>, search: DiagnosisInput): Promise<Diagnosis> {
  const untilMs = clock() + TIME_LIMIT_MS;
  const running = diagnose(search, () => clock() >= untilMs);
  for (;;) {
    const sliceUntilMs = clock() + SLICE_MS;
    for (let count = 0; count < SLICE_CANDIDATES && clock() < sliceUntilMs; count += 1) {
      const step = running.next();
      if (step.done === true) return step.value;
    }
    await setImmediate();
  }
}

function verificationOf(
  account: KnownAccount | undefined,
  request: DoctorRequest,
  nowMs: number,
  stored: AskedQuestion['stored'],
): DiagnosisJson['verification'] {
  if (account === undefined || request.direction === 'out' || stored?.isCut === true) return null;
  const { topic, query, headers, body } = request;
  const callback: CallbackRequest = {
    method: request.method === 'GET' ? 'GET' : 'POST',
    topic,
    query,
    headers,
    body,
    receivedAt: nowMs,
  };
  const verified = account.connector.verify(callback, account.view);
  if (verified.ok) return { ok: true, reason: null, detail: null };
  return { ok: false, ...verified.refusal };
}

/**
 * Why the hub does not believe a request. A refusal's detail is in English alone, so the Chinese answer tells its reason;
 * of the signature it cannot say that it is wrong, since the search has just found one that is right.
 */
const REFUSED_ZH: Readonly<Record<Refusal['reason'], string>> = {
  unreadable: '无法读取请求内容',
  missing_signature: '在约定的位置找不到签名',
  wrong_signature: '按本账号当前有效的密钥与设置，未能通过验签',
  wrong_time: '签名正确，但时间戳与本机时间的偏差超出允许范围',
  no_secret: '账号未填写用于验签的密钥',
  unknown_token: '地址末尾的令牌不是为本账号发出的',
};

/** What the hub itself says weighs more than what the search found: settings decide too, and not all is signed. */
function withVerification({ advice, matches }: Diagnosis, verification: DiagnosisJson['verification']): Words {
  if (verification?.ok === true) {
    const taken = {
      en: 'The hub takes it now, with the secrets and settings of this account.',
      zh: '按本账号现在的密钥和设置，汇单会接收此请求。',
    };
    return matches.length === 0 ? taken : { en: `${taken.en} ${advice.en}`, zh: `${taken.zh}${advice.zh}` };
  }
  const [best] = matches;
  if (verification === null || best === undefined || best.deviations.length > 0) return advice;
  return {
    en: `${advice.en} The hub says: ${verification.detail}`,
    zh: `${advice.zh}汇单的判断：${REFUSED_ZH[verification.reason]}。`,
  };
}
