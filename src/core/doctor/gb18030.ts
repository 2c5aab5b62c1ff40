/**
 * Text to GB18030, which the platform's `TextEncoder` does not write. The table is what `TextDecoder` reads, turned
 * round: no second table that could disagree with it, and no package in this room. Built once, when first needed.
 */
let table: ReadonlyMap<number, readonly number[]> | undefined;

/** The bytes of a text in GB18030; what it cannot hold (half a surrogate pair) becomes `?`. */
export function encodeGb18030(text: string): Uint8Array {
  table ??= buildTable();
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) bytes.push(point);
    else if (point >= 0x1_00_00) bytes.push(...fourBytes(FIRST_ASTRAL + point - 0x1_00_00));
    else bytes.push(...(table.get(point) ?? [0x3f]));
  }
  return Uint8Array.from(bytes);
}

/** Bytes to text; `undefined` where they are not GB18030. */
export function decodeGb18030(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Place of U+10000 among the sequences of four bytes. */
const FIRST_ASTRAL = 189_000;
/** So many sequences of four bytes hold the rest of the first plane. */
const FOUR_BYTE_PLACES = 39_420;

function buildTable(): ReadonlyMap<number, readonly number[]> {
  const decoder = new TextDecoder('gb18030');
  const found = new Map<number, readonly number[]>();
  const note = (sequence: readonly number[]): void => {
    const text = decoder.decode(Uint8Array.from(sequence));
    const point = text.length === 1 ? text.charCodeAt(0) : 0xff_fd;
    if (point !== 0xff_fd && !found.has(point)) found.set(point, sequence);
  };
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) if (trail !== 0x7f) note([lead, trail]);
  }
  for (let place = 0; place < FOUR_BYTE_PLACES; place += 1) note(fourBytes(place));
  return found;
}

function fourBytes(place: number): readonly number[] {
  return [
    0x81 + Math.floor(place / 12_600),
    0x30 + (Math.floor(place / 1260) % 10),
    0x81 + (Math.floor(place / 10) % 126),
    0x30 + (place % 10),
  ];
}
