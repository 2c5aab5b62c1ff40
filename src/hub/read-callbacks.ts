import type { Connector } from '../core/connector.ts';
import { HuidanError } from '../core/errors.ts';
import { decodeUtf8 } from '../core/json.ts';
import { PERSONAL_REGISTERS } from '../core/registers.ts';
import type { RegisterName } from '../core/registers.ts';
import { findReceipt, isReceiptWithin, listReceipts } from '../store/receipt-reads.ts';
import type { ReceiptFilter, ReceiptSqlRow } from '../store/receipt-reads.ts';
import { openRequest } from '../store/receipts.ts';
import type { Verdict } from '../store/receipts.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';
import { mayReveal, recordReveal } from './reveal.ts';
import type { RevealWish } from './reveal.ts';

/** A callback in a list: everything but its bytes. */
export interface CallbackJson {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly topic: string;
  readonly method: string;
  readonly receivedAt: string;
  readonly processedAt: string;
  readonly verdict: Verdict;
  /** Why it was rejected or not recognised. */
  readonly reason: string | null;
  readonly evidence: string | null;
  /** Which secret verified it. */
  readonly secretFingerprint: string | null;
  readonly orders: readonly string[];
  readonly bodyBytes: number;
  /** What the platform was answered, to the byte. */
  readonly reply: { readonly status: number; readonly body: string };
}

/** A callback with the request as it came. */
export interface CallbackDetailJson extends CallbackJson {
  /** null where it may hold personal data that was not revealed. */
  readonly request: {
    readonly query: string;
    readonly headers: Readonly<Record<string, string>>;
    /** null where the bytes are not UTF-8. */
    readonly body: string | null;
    readonly bodyBase64: string;
    /** Less was kept than came: a rejected body beyond the limit for those. */
    readonly isCut: boolean;
  } | null;
}

type Deps = Pick<HubContext, 'pool' | 'clock' | 'randomBytes' | 'sealer' | 'registry'>;

/** Callbacks that the key may see, as it may their orders; the youngest first, those before `beforeId`. */
export async function readCallbacks(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  filter: Omit<ReceiptFilter, 'accounts' | 'merchants' | 'shops'>,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly CallbackJson[]> {
  const { accounts, merchants, shops } = principal;
  const rows = await listReceipts(ctx.pool, { ...filter, accounts, merchants, shops }, page);
  return rows.map(toJson);
}

/**
 * One callback with its bytes. Those of a platform whose messages can hold personal data are shown only when that is
 * revealed: no mask fits bytes of any shape.
 * Errors: `callback_not_found`, `forbidden`, `reveal_needs_reason`.
 */
export async function readCallback(
  ctx: Deps,
  principal: Principal,
  id: string,
  wish: RevealWish,
): Promise<CallbackDetailJson> {
  const reveal = mayReveal(principal, wish);
  const row = await findVisibleReceipt(ctx, principal, id);
  const isPersonal = mayHoldPersonalData(ctx.registry.get(row.platform));
  if (isPersonal && !reveal) return { ...toJson(row), request: null };
  if (isPersonal) await recordReveal(ctx, ctx.pool, principal, wish, [id]);
  const { query, headers, body } = openRequest(ctx.sealer, row.raw);
  return {
    ...toJson(row),
    request: {
      query,
      headers,
      body: decodeUtf8(body) ?? null,
      bodyBase64: Buffer.from(body).toString('base64'),
      isCut: body.length < row.body_bytes,
    },
  };
}

/** The stored callback, if the key may see it. Error: `callback_not_found`. */
export async function findVisibleReceipt(
  ctx: Pick<Deps, 'pool'>,
  principal: Principal,
  id: string,
): Promise<ReceiptSqlRow & { readonly raw: Buffer }> {
  const row = await findReceipt(ctx.pool, id);
  const isOfAccount = row !== undefined && (principal.accounts === null || principal.accounts.includes(row.account_id));
  if (!isOfAccount || !(await isReceiptWithin(ctx.pool, row, principal))) throw new HuidanError('callback_not_found');
  return row;
}

/** Of a platform that nobody knows any more the worst is assumed. */
export function mayHoldPersonalData(connector: Connector | undefined): boolean {
  return (
    connector === undefined ||
    Object.keys(connector.registers).some((name) => PERSONAL_REGISTERS.has(name as RegisterName))
  );
}

function toJson(row: ReceiptSqlRow): CallbackJson {
  return {
    id: row.id,
    account: row.account_id,
    platform: row.platform,
    topic: row.topic,
    method: row.method,
    receivedAt: row.received_at.toISOString(),
    processedAt: row.processed_at.toISOString(),
    verdict: row.verdict,
    reason: row.reason,
    evidence: row.evidence,
    secretFingerprint: row.secret_fingerprint,
    orders: row.order_ids,
    bodyBytes: row.body_bytes,
    reply: { status: row.reply_status, body: row.reply_body },
  };
}
