/** Lets so many go at once; the others wait in line. */
export interface Slots {
  /** Resolves when there is room, or when the slots are closed. */
  take(): Promise<void>;
  give(): void;
  resize(limit: number): void;
  /** Lets everyone go, now and later. */
  close(): void;
}

export function createSlots(initialLimit: number): Slots {
  let limit = initialLimit;
  let used = 0;
  const waiting: (() => void)[] = [];
  const admit = (): void => {
    while (used < limit) {
      const next = waiting.shift();
      if (next === undefined) return;
      used += 1;
      next();
    }
  };
  return {
    take() {
      if (used < limit) {
        used += 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    give() {
      used -= 1;
      admit();
    },
    resize(newLimit) {
      limit = newLimit;
      admit();
    },
    close() {
      limit = Number.POSITIVE_INFINITY;
      admit();
    },
  };
}
