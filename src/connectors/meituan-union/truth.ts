import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { TimeMs } from '../../core/time.ts';
import { callG2, callMedia, isMedia, refuse } from './client.ts';
import { rowFacts, rowsOf, statesOf, textOf } from './rows.ts';

/** Reads what an order earns, and its state as it is now. */
export async function readTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const orderId = order.aliases.find(({ kind }) => kind === 'platform')?.value;
  if (orderId === undefined) return refuse('final', 'no_number', 'The order has no number of the platform.');
  const said = (name: string): string | undefined => {
    const value = order.platformFields?.[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const answer = isMedia(account)
    ? await askMedia(account, call, orderId, said('businessLine'), at)
    : await askG2(account, call, orderId, said, at);
  if (!answer.ok) return answer;
  const rows = rowsOf(answer.value).filter((row) => (textOf(row, 'orderid', 'orderId') ?? orderId) === orderId);
  if (rows.length === 0) return refuse('retry', 'not_there_yet', 'The platform does not know the order yet.');
  const facts: Fact[] = [];
  for (const row of rows) {
    const made = rowFacts(row, statesOf(account), said('refundType') === '2');
    if (typeof made === 'string') return refuse('retry', 'unreadable_answer', made);
    facts.push(...made);
  }
  const aliases = [{ kind: 'platform', value: orderId }] as const;
  // The stage of the push table's last row: a statement of the query is about now.
  return { ok: true, value: [{ aliases: [...aliases], kind: 'cps', at, stage: 3, facts }] };
}

function askG2(
  account: AccountView,
  call: CallPlatform,
  orderId: string,
  said: (name: string) => string | undefined,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const [actId, businessLine, productId] = [said('actId'), said('businessLine'), said('productId')];
  return callG2(
    account,
    call,
    '/api/order',
    {
      orderId,
      full: '1',
      // One of the two is needed; the activity is the narrower.
      ...(actId === undefined ? (businessLine === undefined ? {} : { businessLine }) : { actId }),
      ...(productId === undefined ? {} : { productId }),
    },
    at,
  );
}

function askMedia(
  account: AccountView,
  call: CallPlatform,
  orderId: string,
  businessLine: string | undefined,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const lines = businessLine !== undefined && /^\d{1,6}$/u.test(businessLine) ? [Number(businessLine)] : undefined;
  return callMedia(
    account,
    call,
    'query_order',
    { orderId, ...(lines === undefined ? {} : { businessLine: lines }), page: 1, limit: 100 },
    at,
  );
}
