import type { ReactNode } from 'react';
import type { Machine } from '../../api/machines.ts';
import { useWords } from '../../app/language.ts';
import { ToneTag } from '../../parts/status-tag.tsx';
import { machinesWords } from './words.ts';

/** Whether a machine can sell now, and what is wrong with it. */
export function MachineState({ machine }: { readonly machine: Machine }): ReactNode {
  const words = useWords(machinesWords);
  const { online, operating, goneAt, lowSlots, faultySlots } = machine;
  if (goneAt !== null) return <ToneTag tone="neutral">{words.gone}</ToneTag>;
  return (
    <>
      <ToneTag tone={online ? 'ok' : 'danger'}>{online ? words.online : words.offline}</ToneTag>
      {!operating && <ToneTag tone="warn">{words.outOfService}</ToneTag>}
      {faultySlots > 0 && <ToneTag tone="danger">{words.faultySlots(String(faultySlots))}</ToneTag>}
      {lowSlots > 0 && <ToneTag tone="warn">{words.lowSlots(String(lowSlots))}</ToneTag>}
    </>
  );
}
