import type { ReactNode } from 'react';
import type { Slot } from '../../api/machines.ts';
import { useWords } from '../../app/language.ts';
import { Money } from '../../parts/money.tsx';
import styles from './machines.module.css';
import { machinesWords } from './words.ts';

/** The machine from the front: its slots where they are, filled as far as there is stock, with what is held and broken. */
export function MachinePicture({
  slots,
  chosen,
  onChoose,
}: {
  readonly slots: readonly Slot[];
  readonly chosen: string | null;
  readonly onChoose: (productId: string | null) => void;
}): ReactNode {
  const words = useWords(machinesWords);
  const cabinets = grouped(slots, ({ cabinet }) => cabinet ?? '');
  return (
    <section aria-labelledby="picture">
      <h2 id="picture" className={styles['title']}>
        {words.picture}
      </h2>
      <p className="muted">{words.pictureHint}</p>
      <div className={styles['cabinets']}>
        {[...cabinets].map(([cabinet, own]) => (
          <div key={cabinet} className={styles['cabinet']}>
            {cabinets.size > 1 && <p className={styles['cabinetName']}>{words.cabinet(cabinet)}</p>}
            {rowsOf(own).map((row) => (
              <div key={row[0]?.productId} className={styles['shelf']}>
                {row.map((slot) => (
                  <SlotTile
                    key={slot.productId}
                    slot={slot}
                    isChosen={slot.productId === chosen}
                    onChoose={() => onChoose(slot.productId === chosen ? null : slot.productId)}
                  />
                ))}
              </div>
            ))}
          </div>
        ))}
      </div>
    </section>
  );
}

/** Shelf by shelf as the platform places them; where it says no place, six in a row by their names. */
function rowsOf(slots: readonly Slot[]): readonly (readonly Slot[])[] {
  const byName = slots.toSorted((a, b) => (a.slot < b.slot ? -1 : 1));
  if (slots.some(({ row }) => row === null)) {
    return Array.from({ length: Math.ceil(byName.length / 6) }, (_, index) => byName.slice(index * 6, index * 6 + 6));
  }
  return [...grouped(byName, ({ row }) => row ?? 0)]
    .toSorted(([a], [b]) => a - b)
    .map(([, row]) => row.toSorted((a, b) => (a.column ?? 0) - (b.column ?? 0)));
}

function grouped<K>(slots: readonly Slot[], keyOf: (slot: Slot) => K): ReadonlyMap<K, readonly Slot[]> {
  const groups = new Map<K, Slot[]>();
  for (const slot of slots) groups.set(keyOf(slot), [...(groups.get(keyOf(slot)) ?? []), slot]);
  return groups;
}

function SlotTile({
  slot,
  isChosen,
  onChoose,
}: {
  readonly slot: Slot;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): ReactNode {
  const words = useWords(machinesWords);
  const { name, price, onHand, held, capacity, low, fault } = slot;
  const full = capacity === null || capacity === 0 ? onHand : capacity;
  const share = full === 0 ? 0 : Math.min(1, onHand / full);
  const heldShare = full === 0 ? 0 : Math.min(share, held / full);
  const faults: Readonly<Record<string, string>> = words.faults;
  const state = fault !== null ? 'fault' : onHand === 0 ? 'empty' : low ? 'low' : 'ok';
  return (
    <button type="button" className={styles['slot']} data-state={state} aria-pressed={isChosen} onClick={onChoose}>
      <span className={styles['slotHead']}>
        <strong>{slot.slot}</strong>
        <Money fen={price} />
      </span>
      <span className={styles['slotName']}>{name}</span>
      <span className={styles['gauge']} aria-hidden>
        <span style={{ width: `${share * 100}%` }} className={styles['filled']} />
        <span
          style={{ width: `${heldShare * 100}%`, insetInlineStart: `${(share - heldShare) * 100}%` }}
          className={styles['heldPart']}
        />
      </span>
      <span className={styles['slotFoot']}>
        <span>{capacity === null ? onHand : words.capacity(String(onHand), String(capacity))}</span>
        {held > 0 && <span className={styles['heldText']}>{words.heldOf(String(held))}</span>}
        {fault !== null && <span className={styles['faultText']}>{faults[fault] ?? words.faultOther}</span>}
      </span>
    </button>
  );
}
