import { HuidanError } from '../core/errors.ts';
import { containsLimits, hasRight } from './access.ts';
import type { Limits, Principal } from './access.ts';
import type { HubContext } from './context.ts';
import { getEndpoint, listEndpoints } from './endpoints.ts';
import type { EndpointInput, EndpointJson } from './endpoints.ts';

/**
 * What a key may do with endpoints. It sees those that get no more than it may see itself, and it makes none that get
 * more. Where personal data goes is for admins to say.
 */

/** An endpoint that the key may see. Error: `endpoint_not_found`. */
export async function visibleEndpoint(ctx: HubContext, principal: Principal, id: string): Promise<EndpointJson> {
  const endpoint = await getEndpoint(ctx, id);
  if (!containsLimits(principal, endpoint)) throw new HuidanError('endpoint_not_found');
  return endpoint;
}

/** Endpoints that the key may see, the oldest first, those after `afterId`. */
export async function visibleEndpoints(
  ctx: HubContext,
  principal: Principal,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly EndpointJson[]> {
  const visible: EndpointJson[] = [];
  let cursor = page.afterId;
  do {
    const found = await listEndpoints(ctx, { limit: 500, ...(cursor === null ? {} : { cursor }) });
    visible.push(...found.data.filter((endpoint) => containsLimits(principal, endpoint)));
    cursor = found.nextCursor;
  } while (cursor !== null && visible.length < page.limit);
  return visible.slice(0, page.limit);
}

/** The input with the key's own limits where it names none. Error: `forbidden`. */
export function withinRights(principal: Principal, input: EndpointInput): EndpointInput {
  const limits = {
    accounts: input.accounts === undefined ? principal.accounts : input.accounts,
    merchants: input.merchants === undefined ? principal.merchants : input.merchants,
    shops: input.shops === undefined ? principal.shops : input.shops,
  };
  requireContained(principal, limits);
  requireForPersonalData(principal, { personalData: input.personalData === true, kind: input.kind ?? 'events' });
  return { ...input, ...limits };
}

/** Checks a change of an endpoint that the key may see. Error: `forbidden`. */
export function requireChangeable(principal: Principal, before: EndpointJson, change: EndpointInput): void {
  requireContained(principal, {
    accounts: change.accounts === undefined ? before.accounts : change.accounts,
    merchants: change.merchants === undefined ? before.merchants : change.merchants,
    shops: change.shops === undefined ? before.shops : change.shops,
  });
  // Before and after: else personal data could be switched off, sent elsewhere and switched on again by two people.
  requireForPersonalData(principal, before);
  requireForPersonalData(principal, {
    personalData: change.personalData ?? before.personalData,
    kind: change.kind ?? before.kind,
  });
}

function requireContained(principal: Principal, limits: Limits): void {
  if (!containsLimits(principal, limits)) {
    throw new HuidanError('forbidden', 'The endpoint would get more than the key may see.');
  }
}

function requireForPersonalData(
  principal: Principal,
  endpoint: { readonly personalData: boolean; readonly kind: string },
): void {
  if ((endpoint.personalData || endpoint.kind === 'raw') && !hasRight(principal, 'admin')) {
    throw new HuidanError('forbidden', 'Endpoints that get personal data, as the raw ones do, need the right "admin".');
  }
}
