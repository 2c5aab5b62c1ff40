import type { Json } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { keepMachine, keptMachine } from './sandbox-memory.ts';
import type { End, KeptMachine } from './sandbox-memory.ts';

interface Slot {
  readonly productId: number;
  readonly name: string;
  readonly priceFen: Fen;
  /** How its motor ends each attempt. */
  readonly end: End;
}

interface PlayedMachine {
  readonly machineNo: string;
  readonly name: string;
  readonly address: string;
  readonly isOnline: boolean;
  readonly isOperating: boolean;
  readonly slots: readonly Slot[];
}

export const CAPACITY = 60;
/** What a machine has when the run begins: not full, so that the two numbers differ. */
const AT_FIRST = 50;

const GOODS: readonly (readonly [string, Fen])[] = [
  ['可乐', 350],
  ['矿泉水', 200],
  ['乌龙茶', 500],
  ['薯片', 680],
  ['饼干', 450],
  ['巧克力', 1200],
];

const slots = (first: number, ends: Readonly<Record<number, End>> = {}): readonly Slot[] =>
  GOODS.map(([name, priceFen], index) => ({
    productId: first + index,
    name,
    priceFen,
    end: ends[first + index] ?? 'dispensed',
  }));

/** The demo merchant's machines: two that work, two of whose motors do not always, one that is away, one out of service. */
export const MACHINES: readonly PlayedMachine[] = [
  machine('10000001', '一号机 · 大堂', slots(121)),
  machine('10000002', '二号机 · 食堂', slots(221, { 225: 'jammed', 226: 'silent' })),
  machine('10000003', '三号机 · 地铁口', slots(321)),
  { ...machine('10000004', '四号机 · 车库', slots(421)), isOnline: false },
  { ...machine('10000005', '五号机 · 检修中', slots(521)), isOperating: false },
];

function machine(machineNo: string, name: string, own: readonly Slot[]): PlayedMachine {
  return { machineNo, name, address: '上海市示例路 1 号', isOnline: true, isOperating: true, slots: own };
}

export const findMachine = (machineNo: string): PlayedMachine | undefined =>
  MACHINES.find((one) => one.machineNo === machineNo);

export const findSlot = (machineNo: string, productId: number): Slot | undefined =>
  findMachine(machineNo)?.slots.find((slot) => slot.productId === productId);

/** What is left in a machine now. */
export function machineNow(memory: PlatformMemory, machineNo: string): KeptMachine {
  const left = Object.fromEntries((findMachine(machineNo)?.slots ?? []).map(({ productId }) => [productId, AT_FIRST]));
  return keptMachine(memory, machineNo) ?? { left, busyUntil: 0 };
}

/** Takes items out of what is left, or puts them back with a count below zero. */
export function takeStock(
  memory: PlatformMemory,
  machineNo: string,
  items: readonly { readonly productId: number; readonly quantity: number }[],
): void {
  if (findMachine(machineNo) === undefined) return;
  const now = machineNow(memory, machineNo);
  const left: Record<string, number> = { ...now.left };
  for (const { productId, quantity } of items) left[productId] = (left[productId] ?? 0) - quantity;
  keepMachine(memory, machineNo, { ...now, left });
}

/** The list of machines (sheet, 4.6); what is zero or false is left out. */
export const listed = (): Json => ({
  current_page: 1,
  data: MACHINES.map(listedMachine),
  last_page: 1,
  per_page: 50,
  total: MACHINES.length,
});

const listedMachine = ({
  machineNo,
  name,
  address,
  isOnline,
  isOperating,
}: PlayedMachine): { [name: string]: Json } => ({
  machine_name: name,
  machine_no: machineNo,
  ...(isOnline ? { is_online: true } : {}),
  ...(isOperating ? { status: true } : {}),
  address,
  lng_lat: '121.473701,31.230416',
  created_at: '2025-03-01 09:00:00',
});

export const detailed = (played: PlayedMachine): Json => ({
  ...listedMachine(played),
  machine_type: 1,
  model: { cabinet_names: ['A'] },
  currency: { id: 1, name: '人民币', code: 'CNY', symbol: '¥' },
});

/** A page of products with slot and stock (sheet, 4.7). */
export function products(memory: PlatformMemory, played: PlayedMachine, page: number, perPage: number): Json {
  const { left } = machineNow(memory, played.machineNo);
  const rows = played.slots.map(({ productId, name, priceFen }, index): Json => {
    const count = left[productId] ?? 0;
    return {
      id: productId,
      ...(count === 0 ? {} : { current_inventory: count }),
      inventory: CAPACITY,
      category: { id: 1, title: '饮料零食' },
      good: { name, price: fenToYuan(priceFen), original_price: fenToYuan(priceFen), good_no: `G${productId}` },
      channel: {
        name: `A${Math.floor(index / 3) + 1}${(index % 3) + 1}`,
        cabinet_name: 'A',
        code: String(index).padStart(3, '0'),
        x: Math.floor(index / 3) + 1,
        y: (index % 3) + 1,
        addr: '1',
      },
    };
  });
  const data = rows.slice((page - 1) * perPage, page * perPage);
  return {
    current_page: page,
    data,
    last_page: Math.max(1, Math.ceil(rows.length / perPage)),
    per_page: perPage,
    total: rows.length,
  };
}
