import assert from 'node:assert/strict';
import type { ActionOutcome, ActionRequest, Actions } from '../../src/core/action.ts';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { OutgoingRequest, PlatformResponse } from '../../src/core/outgoing.ts';
import type { OutgoingCallback, PlatformMemory } from '../../src/core/sandbox.ts';
import { sentRequest } from './connector-fixtures.ts';
import { OrderModel } from './order-model.ts';

/** A platform as its sandbox plays it, with one account and its memory. */
export interface PlayedPlatform {
  readonly connector: Connector;
  readonly account: AccountView;
  readonly memory: PlatformMemory;
}

export function actionsOf({ actions }: Connector): Actions {
  assert.ok(actions !== undefined, 'nothing can be done at this platform');
  return actions;
}

/** What the hub makes of a callback. */
export function reportsOf({ connector, account }: PlayedPlatform, callback: OutgoingCallback): readonly Report[] {
  const verified = connector.verify(sentRequest(callback), account);
  assert.ok(verified.ok, JSON.stringify(verified));
  const parsed = connector.parse(verified.accepted, account);
  assert.ok(parsed.kind === 'reports', JSON.stringify(parsed));
  return parsed.reports;
}

/** Sends a request to the played platform. */
export function sendTo(
  { connector, account, memory }: PlayedPlatform,
  request: OutgoingRequest,
  at: number,
): { readonly response: PlatformResponse; readonly callbacks: readonly OutgoingCallback[] } {
  const { pathname, search } = new URL(request.url);
  const answer = connector.sandbox.answer?.(
    {
      method: request.method,
      path: pathname,
      query: search.slice(1),
      headers: request.headers,
      body: request.body ?? '',
      at,
    },
    account,
    memory,
  );
  assert.ok(answer !== undefined);
  const response = { status: answer.status, headers: { 'content-type': answer.contentType }, body: answer.body };
  return { response, callbacks: answer.callbacks ?? [] };
}

/** Does something at the played platform: prepare, answer, conclude. */
export function actAt(
  played: PlayedPlatform,
  request: ActionRequest,
): { readonly outcome: ActionOutcome; readonly callbacks: readonly OutgoingCallback[] } {
  const { connector, account } = played;
  const prepared = actionsOf(connector).prepare(account, request);
  assert.ok(prepared.ok, JSON.stringify(prepared));
  const { response, callbacks } = sendTo(played, prepared.request, request.at + 40);
  return { outcome: actionsOf(connector).conclude(account, request, response), callbacks };
}

/** The order after these reports, shown in full. */
export function orderAfter(connector: Connector, number: string, reports: readonly Report[]): unknown {
  const model = new OrderModel(connector);
  for (const report of reports) model.take(report);
  return model.order(number);
}
