import { withPersonalData } from '../core/order-json.ts';
import type { StoredEvent } from '../store/event-reads.ts';
import { readOrderJson } from '../store/orders.ts';
import { openRequest, readReceipt } from '../store/receipts.ts';
import type { HubContext } from './context.ts';
import type { Target } from './deliver-endpoints.ts';
import { eventText, isOrderEvent, orderOf, rawRequest, webhookRequest } from './webhook-request.ts';
import type { OutgoingRequest } from './webhook-request.ts';

/** `nothing_to_send`: the event has nothing for this kind of endpoint. `gone`: what was to be sent is no longer stored. */
export type BuiltRequest = OutgoingRequest | 'nothing_to_send' | { readonly gone: string };

/** Makes the request that brings an event to an endpoint. */
export async function buildRequest(
  ctx: HubContext,
  target: Target,
  event: StoredEvent,
  previousSequence: number | null,
): Promise<BuiltRequest> {
  if (target.row.kind === 'raw') return buildRaw(ctx, target, event);
  const personal = target.row.personalData && isOrderEvent(event) ? await personalText(ctx, event) : undefined;
  const body = eventText(event, previousSequence, personal);
  return webhookRequest(target.url, target.keys(), event.id, body, ctx.clock());
}

/** An event that no callback caused (a repair, an own action) means nothing to a controller of the platform's callbacks. */
async function buildRaw(ctx: HubContext, target: Target, event: StoredEvent): Promise<BuiltRequest> {
  if (event.receiptId === null) return 'nothing_to_send';
  const receipt = await readReceipt(ctx.pool, event.account, event.receiptId);
  if (receipt === undefined) return { gone: 'the callback is no longer stored' };
  return rawRequest(target.url, receipt.method, openRequest(ctx.sealer, receipt.raw), event.id);
}

/** The stored order with the personal data that the hub holds now: event rows have none. */
async function personalText(ctx: HubContext, event: StoredEvent): Promise<string | undefined> {
  const revealed = await readOrderJson(ctx.pool, ctx.sealer, event.account, event.subject, { reveal: true });
  return revealed === undefined ? undefined : JSON.stringify(withPersonalData(orderOf(event), revealed));
}
