/** What is to be done when, by the platforms' clock, which runs faster than the wall's. */
export interface Agenda {
  /**
   * Runs something after so many ms of the platforms' clock. `floorMs` of the wall's clock pass in any case: without
   * it a hurried clock would repeat a refused request in a tight loop.
   */
  after(delayMs: number, run: () => void, floorMs?: number): void;
  /** From now on the clock runs so many times faster than the wall's. */
  setSpeed(speed: number): void;
  /** While hurried nothing waits for the clock: it jumps from one entry to the next, in order. */
  hurry(on: boolean): void;
  /** How much waits for the clock. */
  size(): number;
  /** Forgets everything. */
  stop(): void;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly notBeforeMs: number;
  readonly run: () => void;
}

/** Long enough to matter to nobody; setTimeout takes 2^31 - 1 at most. */
const LONGEST_TIMER_MS = 3_600_000;
/** Hurried entries run in slices, so that sockets get their turn between them. */
const HURRIED_SLICE = 64;
const GATE_POLL_MS = 10;

/**
 * @param speed platform ms per wall ms
 * @param wallClock ms; any steady origin
 * @param gate while it says no, a hurried clock stands still: what it would start could not be sent yet
 */
export function createAgenda(speed: number, wallClock: () => number, gate: () => boolean = () => true): Agenda {
  const heap: Entry[] = [];
  const floors = new Set<NodeJS.Timeout>();
  let timer: NodeJS.Timeout | undefined;
  let speedNow = speed;
  let hurried = false;
  let stopped = false;
  let order = 0;
  let platformMs = 0;
  let wallMs = wallClock();

  function advance(): number {
    const now = wallClock();
    platformMs += Math.max(0, now - wallMs) * speedNow;
    wallMs = now;
    return platformMs;
  }

  function start(entry: Entry): void {
    const restMs = entry.notBeforeMs - wallClock();
    if (restMs <= 0) {
      entry.run();
      return;
    }
    const wait = setTimeout(() => {
      floors.delete(wait);
      entry.run();
    }, restMs);
    floors.add(wait);
  }

  function runDue(): void {
    timer = undefined;
    const nowMs = advance();
    let started = 0;
    while (heap.length > 0) {
      if (hurried ? started >= HURRIED_SLICE || !gate() : (heap[0]?.dueMs ?? 0) > nowMs) break;
      const entry = pop(heap);
      if (entry === undefined) break;
      platformMs = Math.max(platformMs, entry.dueMs);
      started += 1;
      start(entry);
    }
    arm();
  }

  function arm(): void {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    const next = heap[0];
    if (next === undefined || stopped) return;
    const waitMs = hurried ? (gate() ? 0 : GATE_POLL_MS) : (next.dueMs - advance()) / speedNow;
    timer = setTimeout(runDue, Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(waitMs))));
  }

  return {
    after(delayMs, run, floorMs = 0) {
      if (stopped) return;
      order += 1;
      const entry = { dueMs: advance() + delayMs, order, notBeforeMs: wallClock() + floorMs, run };
      push(heap, entry);
      if (heap[0] === entry || timer === undefined) arm();
    },
    setSpeed(next) {
      advance();
      speedNow = next;
      arm();
    },
    hurry(on) {
      advance();
      hurried = on;
      arm();
    },
    size: () => heap.length + floors.size,
    stop() {
      stopped = true;
      heap.length = 0;
      if (timer !== undefined) clearTimeout(timer);
      for (const wait of floors) clearTimeout(wait);
      floors.clear();
    },
  };
}

const isEarlier = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || !isEarlier(entry, parent)) break;
    heap[index] = parent;
    heap[parentIndex] = entry;
    index = parentIndex;
  }
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let childIndex = index * 2 + 1;
    let child = heap[childIndex];
    if (child === undefined) break;
    const right = heap[childIndex + 1];
    if (right !== undefined && isEarlier(right, child)) {
      childIndex += 1;
      child = right;
    }
    if (!isEarlier(child, last)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
  return first;
}
