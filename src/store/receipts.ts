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
   select $1, r.id, r.received_at, r.method, r.topic, r.raw, r.body_bytes, r.verdict, r.reason, r.evidence,
          r.secret_fingerprint, r.reply_status, r.reply_body, coalesce(string_to_array(nullif(r.order_ids, ''), ' '), '{}'), r.processed_at
     from (select unnest($2::text[]) as id, unnest($3::timestamptz[]) as received_at, unnest($4::text[]) as method,
                  unnest($5::text[]) as topic, unnest($6::bytea[]) as raw, unnest($7::int[]) as body_bytes,
                  unnest($8::text[]) as verdict, unnest($9::text[]) as reason, unnest($10::text[]) as evidence,
                  unnest($11::text[]) as secret_fingerprint, unnest($12::smallint[]) as reply_status,
                  unnest($13::text[]) as reply_body, unnest($14::text[]) as order_ids,
                  unnest($15::timestamptz[]) as processed_at) r`,
);

/** Stores callbacks of one account in one statement. */
export async function insertReceipts(db: Queryable, accountId: string, rows: readonly ReceiptRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db.query(
    insertReceiptsStatement(
      accountId,
      rows.map((row) => row.id),
      rows.map((row) => row.receivedAt),
      rows.map((row) => row.method),
      rows.map((row) => row.topic),
      rows.map((row) => row.raw),
      rows.map((row) => row.bodyBytes),
      rows.map((row) => row.verdict),
      rows.map((row) => row.reason),
      rows.map((row) => row.evidence),
      rows.map((row) => row.secretFingerprint),
      rows.map((row) => row.replyStatus),
      rows.map((row) => row.replyBody),
      rows.map((row) => row.orderIds.join(' ')),
      rows.map((row) => row.processedAt),
    ),
  );
}

/** Writes the new verdict of a callback that was applied again. */
export async function updateReceiptVerdict(
  db: Queryable,
  accountId: string,
  row: Pick<ReceiptRow, 'id' | 'receivedAt' | 'verdict' | 'reason' | 'evidence' | 'secretFingerprint' | 'orderIds' | 'processedAt'>,
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
export async function readHeldReceipts(db: Queryable, accountId: string, limit: number): Promise<readonly StoredReceipt[]> {
  const found = await db.query<StoredReceipt>(
    `select ${STORED_COLUMNS} from receipts where account_id = $1 and verdict = 'held' order by id limit $2`,
    [accountId, limit],
  );
  return found.rows;
}
