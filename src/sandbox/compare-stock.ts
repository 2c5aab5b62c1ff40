import type { HubClient } from './hub-client.ts';
import type { PlatformTruth } from './platform-truth.ts';
import { fieldsOf, integerOf, listOf, textOf } from './untrusted-json.ts';
import type { Difference } from './verify.ts';

/** A slot that moved a moment ago is left alone by a reading. */
const SETTLED_MS = 6000;

/**
 * Where the hub's mirror of a machine's stock differs from what the platform has to sell. What orders moved must be the
 * same on both sides; what the platform alone knows of (an order whose number it never got to tell) the hub learns by
 * reading the machines again, which it does every few minutes and is asked for here.
 */
export async function compareStock(
  hub: HubClient,
  truth: PlatformTruth,
  sleep: (ms: number) => Promise<unknown>,
): Promise<readonly Difference[]> {
  if (truth.stock.size === 0 || (await findDifferences(hub, truth)).length === 0) return [];
  await sleep(SETTLED_MS);
  for (const account of truth.stock.keys()) await hub.call('POST', '/api/v1/machines/sync', { account });
  return findDifferences(hub, truth);
}

async function findDifferences(hub: HubClient, truth: PlatformTruth): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const [account, machines] of truth.stock) {
    for (const [machine, products] of Object.entries(machines)) {
      const answer = await hub.call('GET', `/api/v1/machines/${encodeURIComponent(account)}/${machine}`);
      // The hub has not read it yet, and mirrors nothing that could be wrong.
      if (answer.status !== 200) continue;
      const slots = new Map(
        listOf(answer.fields['slots']).flatMap((value) => {
          const slot = fieldsOf(value);
          return slot === undefined ? [] : [[textOf(slot['productId']) ?? '', integerOf(slot['available'])] as const];
        }),
      );
      for (const [product, left] of Object.entries(products)) {
        const found = slots.get(product);
        if (found === left) continue;
        const detail = `of product ${product} the platform has ${left} to sell, the hub ${String(found)}`;
        differences.push({ kind: 'stock', subject: `${account} machine ${machine}`, detail });
      }
    }
  }
  return differences;
}
