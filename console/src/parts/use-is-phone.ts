import { useSyncExternalStore } from 'react';

const phone = globalThis.matchMedia('(max-width: 767px)');

function subscribe(tell: () => void): () => void {
  phone.addEventListener('change', tell);
  return () => phone.removeEventListener('change', tell);
}

/** Whether there is no room for a table. */
export const useIsPhone = (): boolean => useSyncExternalStore(subscribe, () => phone.matches);
