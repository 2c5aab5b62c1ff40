import { bytesRows, joinBytes } from './bulk-params.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

export type Verdict = 'applied' | 'duplicate' | 'stale' | 'rejected' | 'unrecognised' | 'nothing' | 'held';

/** A callback as it is stored. */
export interface ReceiptRow {
  readonly id: string;
  readonly receivedAt: Date;
  readonly method: string;
  readonly topic: string;
  /** See `sealRequest`. */
  readonly raw: Buffer;
  readonly bodyBytes: number;
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly evidence: string | null;
  readonly secretFingerprint: string | null;
  readonly replyStatus: number;
  readonly replyBody: string;
  readonly orderIds: readonly string[];
  readonly processedAt: Date;
}

/** The parts of a request that are kept as they came. */
export interface RawRequest {
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const LENGTH_BYTES = 4;

/** Seals query, headers and body together: a length, the first two as JSON, then the body's bytes. */
export function sealRequest(sealer: Sealer, request: RawRequest): Buffer {
  const head = Buffer.from(JSON.stringify([request.query, request.headers]));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return sealer.seal(Buffer.concat([length, head, request.body]));
}

export function openRequest(sealer: Sealer, raw: Uint8Array): RawRequest {
  const plain = sealer.open(raw);
  const bodyAt = LENGTH_BYTES + plain.readUInt32BE(0);
  const [query, headers] = JSON.parse(plain.subarray(LENGTH_BYTES, bodyAt).toString('utf8')) as [
    string,
    Record<string, string>,
  ];
  return { query, headers, body: plain.subarray(bodyAt) };
}

const insertReceiptsStatement = sql(
  'insert_receipts',
  `insert into receipts (account_id, id, received_at, method, topic, raw, body_bytes, verdict, reason, evidence,
                         secret_fingerprint, reply_status, reply_body, order_ids, processed_at)
   select $1, r.id, r.received_at, r.method, r.topic, b.bytes, r.body_bytes, r.verdict, r.reason, r.evidence,
          r.secret_fingerprint, r.reply_status, r.reply_body, coalesce(string_to_array(nullif(r.order_ids, ''), ' '), '{}'),
          $2
     from unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[], $10::text[],
                 $11::text[], $12::smallint[], $13::text[], $14::text[])
            with ordinality as r (id, received_at, method, topic, body_bytes, verdict, reason, evidence,
                                  secret_fingerprint, reply_status, reply_body, order_ids, nth)
     join ${bytesRows(15, 16)} b on b.nth = r.nth`,
);

/** Stores callbacks of one account in one statement. */
export async function insertReceipts(
  db: Queryable,
  accountId: string,
  rows: readonly Omit<ReceiptRow, 'processedAt'>[],
  processedAt: Date,
): Promise<void> {
  if (rows.length === 0) return;
  const raw = joinBytes(rows.map((row) => row.raw));
  await db.query(
    insertReceiptsStatement(
      accountId,
      processedAt,
      rows.map((row) => row.id),
      rows.map((row) => row.receivedAt.toISOString()),
      rows.map((row) => row.method),
      rows.map((row) => row.topic),
      rows.map((row) => row.bodyBytes),
      rows.map((row) => row.verdict),
      rows.map((row) => row.reason),
      rows.map((row) => row.evidence),
      rows.map((row) => row.secretFingerprint),
      rows.map((row) => row.replyStatus),
      rows.map((row) => row.replyBody),
      rows.map((row) => row.orderIds.join(' ')),
      raw.bytes,
      raw.lengths,
    ),
  );
}

/** Writes the new verdict of a callback that was applied again. */
export async function updateReceiptVerdict(
  db: Queryable,
  accountId: string,
  row: Pick<
    ReceiptRow,
    'id' | 'receivedAt' | 'verdict' | 'reason' | 'evidence' | 'secretFingerprint' | 'orderIds' | 'processedAt'
  >,
): Promise<void> {
  await db.query(
    `update receipts
        set verdict = $4, reason = $5, evidence = $6, secret_fingerprint = $7, order_ids = $8, processed_at = $9
      where account_id = $1 and id = $2 and received_at = $3`,
    [
      accountId,
      row.id,
      row.receivedAt,
      row.verdict,
      row.reason,
      row.evidence,
      row.secretFingerprint,
      row.orderIds,
      row.processedAt,
    ],
  );
}

/** A stored callback to be applied again. */
export interface StoredReceipt {
  readonly id: string;
  readonly received_at: Date;
  readonly method: string;
  readonly topic: string;
  readonly raw: Buffer;
  readonly body_bytes: number;
  readonly verdict: Verdict;
}

const STORED_COLUMNS = 'id, received_at, method, topic, raw, body_bytes, verdict';

export async function readReceipt(db: Queryable, accountId: string, id: string): Promise<StoredReceipt | undefined> {
  const found = await db.query<StoredReceipt>(
    `select ${STORED_COLUMNS} from receipts where account_id = $1 and id = $2`,
    [accountId, id],
  );
  return found.rows[0];
}

/** Callbacks that came while the account was paused, the oldest first. */
export async function readHeldReceipts(
  db: Queryable,
  accountId: string,
  limit: number,
): Promise<readonly StoredReceipt[]> {
  const found = await db.query<StoredReceipt>(
    `select ${STORED_COLUMNS} from receipts where account_id = $1 and verdict = 'held' order by id limit $2`,
    [accountId, limit],
  );
  return found.rows;
}
