import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';

/**
 * Keeps the keyboard's place on a card that moves: what was pressed is gone with the column that it was in, and the next Tab
 * would begin at the top of the page. Only for the keyboard: a focus that follows a mouse would scroll under it.
 */
export function useKeepFocus(board: RefObject<HTMLElement | null>): void {
  const held = useRef<string | null>(null);
  useEffect(() => {
    const note = ({ target }: FocusEvent): void => {
      if (!(target instanceof HTMLElement)) return;
      // A dialog is about the card that it was opened from.
      if (target.closest('[role="dialog"]') !== null) return;
      const card = target.matches(':focus-visible') ? target.closest<HTMLElement>('[data-order]') : null;
      held.current = card?.dataset['order'] ?? null;
    };
    const drop = (): void => void (held.current = null);
    document.addEventListener('focusin', note);
    document.addEventListener('pointerdown', drop);
    return () => {
      document.removeEventListener('focusin', note);
      document.removeEventListener('pointerdown', drop);
    };
  }, []);
  // After every rendering: any of them may have moved the card.
  useEffect(() => {
    if (held.current === null || !isLost()) return;
    const card = board.current?.querySelector(`[data-order="${CSS.escape(held.current)}"]`);
    card?.querySelector<HTMLElement>('a, button')?.focus();
  });
}

/** A browser gives the focus of what it removed to the page as a whole. */
const isLost = (): boolean => document.activeElement === null || document.activeElement === document.body;
