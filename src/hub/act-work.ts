import { wantsAccessToken } from '../core/action.ts';
import type { ActionRequest, ActionSpec, Actions } from '../core/action.ts';
import type { Fact, Report } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import type { OutgoingRequest, PlatformRefusal } from '../core/outgoing.ts';
import { WHOLE } from '../core/registers.ts';
import type { TimeMs } from '../core/time.ts';
import type { ActionPatch, ActionRow, ShownRequest } from '../store/actions.ts';
import { findWishOfOrder } from '../store/order-wishes.ts';
import { findAliases } from '../store/orders.ts';
import { accessTokenOf } from './access-tokens.ts';
import { end, mayBeDone } from './act-decide.ts';
import type { Decision, Heard, SilenceRules } from './act-decide.ts';
import type { KnownAccount } from './account-directory.ts';
import { callbacksOf } from './act-intent.ts';
import type { HeldAction } from './act-outcome.ts';
import { SHOWN_REASON, shownOutcome } from './act-shown.ts';
import { readOrderToActOn } from './action-order.ts';
import type { OrderToActOn } from './action-order.ts';
import type { HubContext } from './context.ts';

/** What is known of an action that can be worked on. */
export interface Work {
  readonly held: HeldAction;
  readonly actions: Actions;
  readonly spec: ActionSpec;
  /** What silence and a platform's doubts mean for it. */
  readonly rules: SilenceRules;
  /** As it is written into the next request; the stored one has a time of its own. */
  readonly request: ActionRequest;
  /** It is renewed meanwhile. */
  leaseUntilMs(): TimeMs;
}

/** `undefined`: the connector does not know the action any more. */
export function workOf(
  ctx: Pick<HubContext, 'clock' | 'sealer' | 'publicUrl' | 'allowPrivateTargets'>,
  held: HeldAction,
  { order }: Pick<OrderToActOn, 'order'>,
  leaseUntilMs: () => TimeMs,
): Work | undefined {
  const { account, row } = held;
  const { actions } = account.connector;
  const spec = actions?.specs.find(({ name }) => name === row.action);
  if (actions === undefined || spec === undefined) return undefined;
  const request = requestOf(ctx, held, order);
  const canAsk =
    actions.concludeQuestion !== undefined && actions.prepareQuestion?.(account.view, request) !== undefined;
  const rules = { moves: spec.moves, onSilence: spec.onSilence, canAsk, isCreation: isCreation(spec) };
  return { held, actions, spec, rules, request, leaseUntilMs };
}

/** An action as its connector needs it. */
export function requestOf(
  ctx: Pick<HubContext, 'clock' | 'sealer' | 'publicUrl' | 'allowPrivateTargets'>,
  { account, row }: Pick<HeldAction, 'account' | 'row'>,
  order: ActionRequest['order'],
): ActionRequest {
  const about = { action: row.action, params: paramsOf(ctx, row), number: row.number, order, at: ctx.clock() };
  return { ...about, ...callbacksOf(ctx, account) };
}

/** The parameters in clear. */
export const paramsOf = (
  ctx: Pick<HubContext, 'sealer'>,
  { sealedParams }: Pick<ActionRow, 'sealedParams'>,
): Readonly<Record<string, Json>> =>
  sealedParams === null
    ? {}
    : (JSON.parse(ctx.sealer.open(sealedParams).toString('utf8')) as Readonly<Record<string, Json>>);

/** The stored bytes, with the access token that is in them: what the platform may refuse later. */
type StoredRequest = OutgoingRequest & { readonly accessToken?: string };

type Ready =
  | {
      readonly kind: 'ready';
      readonly outgoing: OutgoingRequest;
      readonly request: ActionRequest;
      readonly accessToken: string | undefined;
      /** What is to be stored before it leaves. */
      readonly stored: ActionPatch;
    }
  | { readonly kind: 'over'; readonly decision: Decision }
  | { readonly kind: 'no-token'; readonly refusal: PlatformRefusal };

/** The request to send: the stored bytes where there are some, else newly made ones. */
export async function readyRequest(ctx: HubContext, work: Work): Promise<Ready> {
  const { held, actions, spec } = work;
  const { account, row } = held;
  if (row.sealedRequest !== null) {
    const { accessToken, ...outgoing } = JSON.parse(
      ctx.sealer.open(row.sealedRequest).toString('utf8'),
    ) as StoredRequest;
    const request = { ...work.request, at: row.requestAt?.getTime() ?? work.request.at };
    return { kind: 'ready', outgoing, request, accessToken, stored: {} };
  }
  // What may be done already is not judged by what the order looks like now.
  const refusal = mayBeDone(row) ? undefined : refusalOf(work);
  if (refusal !== undefined) return { kind: 'over', decision: end('failed', 'action_refused', refusal, ctx.clock()) };
  let { request } = work;
  if (wantsAccessToken(spec, account.view, request.order.json)) {
    const token = await accessTokenOf(ctx, account);
    if (!token.ok) return { kind: 'no-token', refusal: token.refusal };
    request = { ...request, accessToken: token.value };
  }
  const prepared = actions.prepare(account.view, request);
  if (!prepared.ok) {
    const reason = prepared.faults.map(({ field, message }) => `${field} ${message}`).join('; ');
    const state = mayBeDone(row) ? 'unknown' : 'failed';
    return { kind: 'over', decision: end(state, 'action_params_invalid', reason, ctx.clock()) };
  }
  const outgoing = prepared.request;
  const { accessToken } = request;
  const kept: StoredRequest = { ...outgoing, ...(accessToken === undefined ? {} : { accessToken }) };
  const stored = {
    sealedRequest: ctx.sealer.seal(JSON.stringify(kept)),
    requestAt: new Date(request.at),
    request: shown(outgoing),
  };
  return { kind: 'ready', outgoing, request, accessToken, stored };
}

function refusalOf({ spec, held: { order }, request }: Work): string | undefined {
  if (!isCreation(spec)) return spec.refuses(order)?.en;
  // What nobody waits for any more is not made: its hold has run out, or it was cancelled before it left.
  if (order.lifecycle !== 'open') return `The order is ${order.lifecycle} already.`;
  const hasRunOut = order.expiresAt !== null && Date.parse(order.expiresAt) <= request.at;
  return hasRunOut ? 'Its hold has run out.' : spec.refuses(order)?.en;
}

export const isCreation = ({ name, internal }: ActionSpec): boolean => name === 'create' && internal === true;

/** Where it goes, without what may hold a token or a signature. */
function shown({ call, method, url }: OutgoingRequest): ShownRequest {
  const { host, pathname } = new URL(url);
  return { call, method, host, path: pathname };
}

/** What an answer gives the caller alone, sealed. */
export function handedOver(ctx: Pick<HubContext, 'sealer'>, heard: Heard): ActionPatch {
  if (heard.kind !== 'outcome' || heard.outcome.state !== 'succeeded' || heard.outcome.handOver === undefined)
    return {};
  return { sealedHandOver: ctx.sealer.seal(JSON.stringify(heard.outcome.handOver)) };
}

/**
 * The decision as it is to be written. Before an action ends without success the order is looked at once more: a callback
 * may have told of the effect meanwhile. An order that could not be made is cancelled with it.
 */
export async function lastWord(ctx: HubContext, work: Work, decision: Decision): Promise<Decision> {
  const { state } = decision.patch;
  if (!decision.isOver) return decision;
  if (state === 'succeeded') return namedOnce(ctx, work, decision);
  const { account, row } = work.held;
  const now = ctx.clock();
  const found = await readOrderToActOn(ctx, ctx.pool, account.row.id, row.orderId);
  const seen = found === undefined ? undefined : shownOutcome(work.spec, found, work.request);
  if (seen === 'succeeded') {
    const patch = { ...decision.patch, state: seen, code: 'shown', reason: SHOWN_REASON, finishedAt: new Date(now) };
    return { ...decision, patch: { ...patch, dueAt: null } };
  }
  if (state !== 'failed' || !isCreation(work.spec)) return decision;
  return { ...decision, reports: [...decision.reports, notMade(account, work.request, now)] };
}

/**
 * A platform that answers the making of an order with the number of another order that was made here has said nothing that
 * can be believed: taken at its word, two sales would become one, and the second customer would be given the first one's
 * payment to pay. So it is a person's. A number that was only heard of (its callback was faster) is the order's own.
 */
async function namedOnce(ctx: Pick<HubContext, 'pool' | 'clock'>, work: Work, decision: Decision): Promise<Decision> {
  if (!isCreation(work.spec)) return decision;
  const { account, orderId } = work.held.row;
  const aliases = await findAliases(
    ctx.pool,
    account,
    decision.reports.flatMap((report) => report.aliases),
  );
  for (const other of new Set(aliases.values())) {
    if (other === orderId || (await findWishOfOrder(ctx.pool, account, other)) === undefined) continue;
    const reason = `The platform answered with the number of order ${other}.`;
    const ended = end('unknown', 'number_of_another', reason, ctx.clock());
    return { ...ended, patch: { ...decision.patch, ...ended.patch, sealedHandOver: null } };
  }
  return decision;
}

/** What an order that its platform did not make says of itself: cancelled, by our own word. */
export function notMade(account: KnownAccount, { order, number }: ActionRequest, nowMs: TimeMs): Report {
  const { registers } = account.connector;
  const facts: Fact[] = [
    { line: WHOLE, register: 'lifecycle', value: 'cancelled' },
    { line: WHOLE, register: 'closedAt', value: nowMs },
  ];
  const [first, ...others] = order.aliases;
  if (first === undefined) throw new TypeError(`order ${order.json.id} has no number`);
  return {
    aliases: [first, ...others],
    kind: order.kind,
    key: `action:${number}:not-made`,
    at: nowMs,
    facts: facts.filter(({ register }) => registers[register] !== undefined),
  };
}
