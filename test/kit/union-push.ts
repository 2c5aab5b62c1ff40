import { createHash } from 'node:crypto';

/** A push of Meituan Union, signed as the platform signs it: here by hand, not by the code under test. */
export function unionPush(fields: Readonly<Record<string, string>>, secret: string): string {
  const joined = Object.keys(fields)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => `${name}${fields[name] ?? ''}`)
    .join('');
  const sign = createHash('md5').update(`${secret}${joined}${secret}`).digest('hex');
  return JSON.stringify({ ...fields, sign });
}

/** The fields of a push about an order in that status. */
export function unionOrder(
  orderid: string,
  status: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    orderid,
    status,
    smstitle: 'test order',
    quantity: '1',
    ordertime: '1699999990',
    paytime: '1700000000',
    modTime: String(1_700_000_000 + Number(status)),
    sid: 'u1001',
    total: '35.80',
    payPrice: '30.50',
    ...more,
  };
}
