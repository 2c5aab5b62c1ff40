import type { Json } from '../../core/json.ts';
import type { Fen } from '../../core/money.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';

/** A dispense record as the platform keeps it. */
export interface KeptRecord {
  readonly id: number;
  readonly productId: number;
  readonly quantity: number;
  readonly priceFen: Fen;
  /** '' until the order is paid. */
  readonly status: string;
  /** Reports sent about it. */
  readonly reports: number;
  /** How often something left the machine for it. */
  readonly drops?: number;
  /** A command for it was refused, because its order is over. */
  readonly isRefused?: true;
}

/** An order as the platform keeps it. */
export interface KeptOrder {
  readonly id: number;
  readonly tradeId: string;
  readonly machineNo: string;
  readonly placedAt: TimeMs;
  readonly status: string;
  readonly records: readonly KeptRecord[];
  /** Left out: another system of the merchant's made it. */
  readonly made?: MadeByHub;
}

export interface MadeByHub {
  readonly notifyUrl: string;
  /** Its maker asked for it again: the number may never have come to it. */
  readonly isRepeated: boolean;
  /** It has been named by its number. */
  readonly isNamed: boolean;
  readonly closedAt: TimeMs | null;
  /** Its maker was told that it is closed. */
  readonly isClosingTold?: true;
  readonly closedBy: 'merchant' | 'platform' | null;
}

/** What a machine has left, by product: less what open orders hold. */
export interface KeptMachine {
  readonly left: Readonly<Record<string, number>>;
  /** It takes one command after the other. */
  readonly busyUntil: TimeMs;
  /** When its slots were last read, and when it was last filled up; left out: never. */
  readonly readAt?: TimeMs;
  readonly filledAt?: TimeMs;
}

/** What the platform does by its own clock. */
export type Deed =
  | { readonly at: TimeMs; readonly does: 'close'; readonly order: number }
  | { readonly at: TimeMs; readonly does: 'result'; readonly order: number; readonly record: number; readonly end: End }
  | { readonly at: TimeMs; readonly does: 'restock'; readonly machine: string };

/** How an attempt of a machine ends. */
export type End = 'dispensed' | 'jammed' | 'motor' | 'silent';

const AGENDA = 'agenda';

export function keep(memory: PlatformMemory, order: KeptOrder): void {
  memory[`order ${order.id}`] = order as unknown as Json;
}

export const kept = (memory: PlatformMemory, orderId: string | number): KeptOrder | undefined =>
  memory[`order ${orderId}`] as unknown as KeptOrder | undefined;

export const allKept = (memory: PlatformMemory): readonly KeptOrder[] =>
  Object.keys(memory).flatMap((name) => (name.startsWith('order ') ? [memory[name] as unknown as KeptOrder] : []));

export function keepMachine(memory: PlatformMemory, machineNo: string, machine: KeptMachine): void {
  memory[`machine ${machineNo}`] = machine as unknown as Json;
}

export const keptMachine = (memory: PlatformMemory, machineNo: string): KeptMachine | undefined =>
  memory[`machine ${machineNo}`] as unknown as KeptMachine | undefined;

/** The order of a merchant's number, and the next number of the platform. */
export const orderOfTrade = (memory: PlatformMemory, tradeId: string): number | undefined =>
  memory[`trade ${tradeId}`] as number | undefined;

const FIRST_ID = 700_000;

export function nameOrder(memory: PlatformMemory, tradeId: string): number {
  const last = memory['last order'];
  const id = (typeof last === 'number' ? last : FIRST_ID) + 1;
  memory['last order'] = id;
  memory[`trade ${tradeId}`] = id;
  return id;
}

const agenda = (memory: PlatformMemory): readonly Deed[] => (memory[AGENDA] ?? []) as unknown as readonly Deed[];

export function plan(memory: PlatformMemory, ...deeds: readonly Deed[]): void {
  const all = [...agenda(memory), ...deeds].sort((a, b) => a.at - b.at);
  memory[AGENDA] = all;
}

/** Takes what is due off the agenda, the earliest first. */
export function takeDue(memory: PlatformMemory, at: TimeMs): readonly Deed[] {
  const due = agenda(memory).filter((deed) => deed.at <= at);
  if (due.length > 0) memory[AGENDA] = agenda(memory).filter((deed) => deed.at > at);
  return due;
}

/** When a motor ends next, and when the platform closes or fills up something next. */
export const nextDue = (
  memory: PlatformMemory,
): { readonly nextAt: TimeMs | null; readonly lapsesAt: TimeMs | null } => ({
  nextAt: agenda(memory).find(({ does }) => does === 'result')?.at ?? null,
  lapsesAt: agenda(memory).find(({ does }) => does !== 'result')?.at ?? null,
});

export const isPlanned = (memory: PlatformMemory, wanted: (deed: Deed) => boolean): boolean =>
  agenda(memory).some(wanted);
