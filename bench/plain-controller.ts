import { createHash } from 'node:crypto';
import fastify from 'fastify';
import pg from 'pg';
import { Agent, request } from 'undici';
import { CALLBACK_SECRET } from './pushes.ts';

/**
 * The controller that a team writes when it meets such a callback for the first time: verify, select the member, select
 * the order, insert or update, reply. With `webhook` it also tells the team's own system, without waiting for it.
 */
interface Start {
  readonly databaseUrl: string;
  readonly webhook: string | null;
}

process.once('message', (start: Start) => {
  serve(start).then(
    (url) => process.send?.({ url }),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));

async function serve({ databaseUrl, webhook }: Start): Promise<string> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 16 });
  const agent = new Agent({ connections: 64 });
  await pool.query(`create table if not exists plain_member (id serial primary key, uuid text unique not null)`);
  await pool.query(
    `create table if not exists plain_order (id bigserial primary key, order_sn text unique not null, member_id int,
       status text, total text, pay_price text, created_at timestamptz default now(), updated_at timestamptz default now())`,
  );
  await pool.query(
    `insert into plain_member (uuid) select 'u' || n from generate_series(0, 999) n on conflict do nothing`,
  );

  const app = fastify();
  app.post<{ Body: Record<string, string> }>('/callback', async (incoming) => {
    const { sign, ...fields } = incoming.body;
    const joined = Object.keys(fields)
      .toSorted()
      .map((name) => `${name}${fields[name]}`)
      .join('');
    const expected = createHash('md5')
      .update(CALLBACK_SECRET + joined + CALLBACK_SECRET)
      .digest('hex');
    if (sign !== expected) return { errcode: '1', errmsg: 'err' };
    const { orderid, sid, status, total, payPrice } = fields;
    const member = await pool.query<{ id: number }>('select id from plain_member where uuid = $1', [sid]);
    const known = await pool.query('select id from plain_order where order_sn = $1', [orderid]);
    if (known.rowCount === 0) {
      await pool.query(
        `insert into plain_order (order_sn, member_id, status, total, pay_price) values ($1, $2, $3, $4, $5)
         on conflict (order_sn) do update set status = excluded.status, updated_at = now()`,
        [orderid, member.rows[0]?.id ?? null, status, total, payPrice],
      );
    } else {
      await pool.query('update plain_order set status = $2, updated_at = now() where order_sn = $1', [orderid, status]);
    }
    if (webhook !== null) {
      request(webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'order', data: fields }),
        dispatcher: agent,
      })
        .then(({ body }) => body.dump())
        .catch(() => {});
    }
    return { errcode: '0', errmsg: 'ok' };
  });
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/callback`;
}
