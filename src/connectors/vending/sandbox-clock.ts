import type { AccountView } from '../../core/connector.ts';
import type { OutgoingCallback, PlatformMemory, SandboxPlatform } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { DISPENSE_REPORT } from './callback.ts';
import { CAPACITY, findMachine, machineNow } from './sandbox-machines.ts';
import { allKept, keep, keepMachine, kept, nextDue, takeDue } from './sandbox-memory.ts';
import type { Deed, End, KeptOrder } from './sandbox-memory.ts';
import { closeOrder, withStatus } from './sandbox-orders.ts';

interface Ending {
  readonly deliver: '0' | '1';
  readonly floor: string;
  readonly text?: string;
  readonly status: string;
}

/** How an attempt ends: what the machine reports and what the platform then keeps. */
export const ENDINGS: Readonly<Record<End, Ending>> = {
  dispensed: { deliver: '1', floor: '1', status: 'IS_SUCCESS' },
  jammed: { deliver: '0', floor: '2', text: 'Goods are Stuck', status: 'IS_FAILED' },
  motor: { deliver: '0', floor: '3', text: 'Load No Current', status: 'IS_FAILED' },
  silent: { deliver: '0', floor: '47', text: 'Slave Comm Error', status: 'IS_TIMEOUT' },
};

/** What the platform does when the time has come: closes the unpaid, hears machines, fills up. */
export const tick: NonNullable<SandboxPlatform['tick']> = (at, _account: AccountView, memory: PlatformMemory) => {
  const callbacks = takeDue(memory, at).flatMap((deed) => doDeed(memory, deed, at));
  return { callbacks, ...nextDue(memory) };
};

function doDeed(memory: PlatformMemory, deed: Deed, at: TimeMs): readonly OutgoingCallback[] {
  if (deed.does === 'restock') {
    restock(memory, deed.machine, at);
    return [];
  }
  const order = kept(memory, deed.order);
  if (order?.made === undefined) return [];
  if (deed.does === 'close') {
    if (order.status !== 'NOTPAY') return [];
    closeOrder(memory, order, 'platform', at);
    // What is then sent is in no document: this body is ours.
    return [callbackOf(order, { error_msg: '订单已过期', order_id: order.id })];
  }
  const record = order.records.find(({ id }) => id === deed.record);
  if (record === undefined || record.status !== 'IS_DELIVERING') return [];
  const { deliver, floor, text, status } = ENDINGS[deed.end];
  const drops = (record.drops ?? 0) + (deliver === '1' ? record.quantity : 0);
  keep(memory, withStatus(order, record.id, { status, reports: record.reports + 1, drops }));
  return [
    callbackOf(order, {
      deliver_status: deliver,
      ...(text === undefined ? {} : { error_msg: text }),
      floor_status: floor,
      method: DISPENSE_REPORT,
      order_id: order.id,
      record_id: record.id,
    }),
  ];
}

function callbackOf({ made }: KeptOrder, body: Readonly<Record<string, string | number>>): OutgoingCallback {
  const url = made?.notifyUrl ?? '';
  return {
    topic: decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? ''),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    url,
  };
}

/** Fills a machine up to its capacity, with room for what open orders may give back. */
function restock(memory: PlatformMemory, machineNo: string, at: TimeMs): void {
  const held = new Map<number, number>();
  for (const { machineNo: own, status, records } of allKept(memory)) {
    if (own !== machineNo || (status !== 'NOTPAY' && status !== 'SUCCESS')) continue;
    for (const record of records) {
      if (record.status !== 'IS_SUCCESS')
        held.set(record.productId, (held.get(record.productId) ?? 0) + record.quantity);
    }
  }
  const slots = findMachine(machineNo)?.slots ?? [];
  const left = Object.fromEntries(
    slots.map(({ productId }) => [productId, Math.max(0, CAPACITY - (held.get(productId) ?? 0))]),
  );
  keepMachine(memory, machineNo, { ...machineNow(memory, machineNo), left, filledAt: at });
}
