import type { KeyObject } from 'node:crypto';
import { matchesEventPattern } from '../core/event.ts';
import type { Clock, TimeMs } from '../core/time.ts';
import { readAccountIds, readDeliveryEndpoints } from '../store/endpoints.ts';
import type { EndpointWithSecrets } from '../store/endpoints.ts';
import type { StoredEvent } from '../store/event-reads.ts';
import type { HubContext } from './context.ts';
import { secretKey } from './webhook-request.ts';
import type { RetryPolicy } from './deliver-retry.ts';

/** An endpoint ready for use: parsed address, opened secrets. */
export interface Target {
  readonly row: EndpointWithSecrets;
  readonly url: URL;
  readonly retry: RetryPolicy;
  /** The keys that are valid now, the newest first. */
  keys(): readonly KeyObject[];
  /** True when the endpoint asked for the event. */
  wants(event: Pick<StoredEvent, 'account' | 'type' | 'merchant' | 'shop'>): boolean;
}

/** The endpoints and accounts as of the last reading. */
export interface TargetBook {
  readonly targets: Map<string, Target>;
  readonly accounts: readonly string[];
}

export async function readTargetBook(ctx: Pick<HubContext, 'pool' | 'sealer' | 'clock'>): Promise<TargetBook> {
  const rows = await readDeliveryEndpoints(ctx.pool);
  const accounts = await readAccountIds(ctx.pool);
  return { targets: new Map(rows.map((row) => [row.id, openTarget(ctx, row)])), accounts };
}

/** Opens the secrets of an endpoint. */
export function openTarget(ctx: Pick<HubContext, 'sealer' | 'clock'>, row: EndpointWithSecrets): Target {
  const secrets = row.secrets.map((secret) => ({
    key: secretKey(ctx.sealer.open(secret.sealed).toString('utf8')),
    untilMs: secret.validUntil?.getTime() ?? Number.POSITIVE_INFINITY,
  }));
  return {
    row,
    url: new URL(row.url),
    retry: row.retry as RetryPolicy,
    keys: () => validKeys(secrets, ctx.clock),
    wants: (event) => wantsEvent(row, event),
  };
}

function validKeys(
  secrets: readonly { readonly key: KeyObject; readonly untilMs: TimeMs }[],
  clock: Clock,
): readonly KeyObject[] {
  const nowMs = clock();
  return secrets.filter((secret) => secret.untilMs > nowMs).map((secret) => secret.key);
}

/** True when an endpoint with these limits takes the event. A null list takes all; a limit refuses what has no value. */
export function wantsEvent(
  limits: Pick<EndpointWithSecrets, 'events' | 'accounts' | 'merchants' | 'shops'>,
  event: Pick<StoredEvent, 'account' | 'type' | 'merchant' | 'shop'>,
): boolean {
  const within = (list: readonly string[] | null, value: string | null): boolean =>
    list === null || (value !== null && list.includes(value));
  return (
    matchesEventPattern(limits.events, event.type) &&
    within(limits.accounts, event.account) &&
    within(limits.merchants, event.merchant) &&
    within(limits.shops, event.shop)
  );
}
