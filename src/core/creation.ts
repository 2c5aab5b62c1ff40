import type { AccountField } from './account-fields.ts';
import type { AccountView } from './connector.ts';
import type { Report } from './fact.ts';
import type { Json } from './json.ts';
import type { Fen } from './money.ts';
import type { TimeMs } from './time.ts';

/** An order that somebody wants made at a platform. */
export interface OrderWish {
  readonly merchantOrderId: string;
  /** The fields that the connector declares (`Creation.fields`), as they came. */
  readonly fields: Readonly<Record<string, Json>>;
  readonly at: TimeMs;
  /** How long the goods or the payment are kept open, in ms; null: the platform's own time. */
  readonly holdMs: number | null;
  /** What the machine of the order sells, by product id, where the hub knows it. */
  readonly products?: ReadonlyMap<string, KnownProduct>;
}

export interface KnownProduct {
  readonly name: string;
  readonly sku: string | null;
  readonly price: Fen | null;
  readonly slot: string | null;
}

/** What is known of a wished order before its platform has heard of it. */
export interface PlannedOrder {
  /** Numbers, kind and facts: unpaid, open, what it costs, its items. Its first alias is the merchant's number. */
  readonly report: Report;
  /** The params of the action that makes it at the platform (`create`, or `adopt` where it exists there). */
  readonly params: Readonly<Record<string, Json>>;
}

export type Planned =
  | { readonly ok: true; readonly order: PlannedOrder }
  | { readonly ok: false; readonly faults: readonly { readonly field: string; readonly message: string }[] };

/**
 * How orders are made at a platform. The making is the internal action `create` of the connector's `actions`, so its
 * bytes are stored before they leave and a crash doubles nothing. The platform must know a repeat by `merchantOrderId`.
 */
export interface Creation {
  readonly fields: readonly AccountField[];
  /** Checks the wish (lengths, ranges, formats of the sheet) and plans the order. Pure. */
  plan(account: AccountView, wish: OrderWish): Planned;
  /** The same for an order that exists at the platform already; left out: it is only read by its number. */
  readonly adoptFields?: readonly AccountField[];
  planAdopted?(account: AccountView, wish: OrderWish): Planned;
}
