import type { AccountView } from './connector.ts';
import type { Json } from './json.ts';
import type { Fen } from './money.ts';
import type { OrderPart } from './order-json.ts';
import type { CallPlatform, PlatformResult } from './outgoing.ts';
import type { TimeMs } from './time.ts';

/** A machine as its platform tells it. */
export interface MachineReport {
  readonly machineNo: string;
  readonly name: string | null;
  readonly online: boolean;
  /** In service, as the operator has set it. */
  readonly operating: boolean;
  readonly address: string | null;
  readonly kind: string | null;
}

/** A slot of a machine with what it sells. */
export interface SlotReport {
  readonly productId: string;
  /** Such as `A21`; unique within its machine. */
  readonly slot: string;
  readonly cabinet: string | null;
  readonly row: number | null;
  readonly column: number | null;
  readonly name: string;
  readonly sku: string | null;
  readonly image: string | null;
  readonly price: Fen | null;
  /** What the platform says is there to be sold: less what its open orders hold. */
  readonly available: number;
  readonly capacity: number | null;
}

/** Where a platform sells by machines. Each call gives a page; `next` null: the last. */
export interface Machines {
  /** What an order's part says of the slot that it should have come from, such as `jammed`; undefined: nothing. */
  slotFault?(part: OrderPart): string | undefined;
  list(
    account: AccountView,
    call: CallPlatform,
    page: Json,
    at: TimeMs,
  ): Promise<PlatformResult<{ readonly machines: readonly MachineReport[]; readonly next: Json }>>;
  slots(
    account: AccountView,
    call: CallPlatform,
    machineNo: string,
    page: Json,
    at: TimeMs,
  ): Promise<PlatformResult<{ readonly slots: readonly SlotReport[]; readonly next: Json }>>;
}
