/**
 * For a menu that closes: gives the keyboard back to the button that opened it, before anything else takes it. A dialog that
 * an entry opens then goes back there, too.
 */
export function backToButton(button: HTMLElement | null, isOpen: boolean): void {
  const isInMenu = document.activeElement?.closest('.ant-dropdown') ?? null;
  if (!isOpen && isInMenu !== null) button?.focus();
}
