import { createHash } from 'node:crypto';

/** The callback secret of the benchmark's account; the same for every server measured. */
export const CALLBACK_SECRET = 'bench_callback_secret_0123456789';

// Orders of today: those of years ago would be found by an index that new orders do not touch.
const PAID_AT = Math.floor(Date.now() / 1000) - 60;

/** One signed order push, as the platform sends it. */
export function signedPush(orderId: string, status: '1' | '8'): string {
  const fields: Record<string, string> = {
    actId: '33',
    appkey: 'benchkey',
    businessLine: '2',
    dealid: '0',
    direct: '30.50',
    modTime: String(PAID_AT + (status === '1' ? 1 : 30)),
    orderid: orderId,
    ordertime: String(PAID_AT - 10),
    payPrice: '30.50',
    paytime: String(PAID_AT),
    quantity: '1',
    ratio: '0.03',
    sid: `u${Number(orderId.slice(-4)) % 1000}`,
    smstitle: '外卖订单',
    status,
    subBusinessLine: '1',
    total: '35.80',
    uid: '12345',
  };
  const joined = Object.keys(fields)
    .toSorted()
    .map((name) => `${name}${fields[name]}`)
    .join('');
  const sign = createHash('md5')
    .update(CALLBACK_SECRET + joined + CALLBACK_SECRET)
    .digest('hex');
  return JSON.stringify({ ...fields, sign });
}

/** A run's pushes: each order is paid and, some pushes later, completed. */
export function* pushesOf(run: string, orders: number): Generator<string> {
  const gap = 500;
  for (let index = 0; index < orders + gap; index += 1) {
    if (index < orders) yield signedPush(`${run}${String(index).padStart(8, '0')}`, '1');
    if (index >= gap) yield signedPush(`${run}${String(index - gap).padStart(8, '0')}`, '8');
  }
}
