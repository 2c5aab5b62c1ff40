import { useSyncExternalStore } from 'react';

/** What a person has chosen on this device. */
export interface Preferences {
  readonly language: 'zh' | 'en';
  readonly theme: 'system' | 'light' | 'dark';
  /** Whether a new takeaway order rings. */
  readonly sound: boolean;
  /** Whether a new takeaway order shows as a notification of the desktop. */
  readonly notifications: boolean;
}

const KEY = 'huidan.preferences';
const DEFAULTS: Preferences = { language: 'zh', theme: 'system', sound: true, notifications: false };

let current = load();
const listeners = new Set<() => void>();

function load(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

export function readPreferences(): Preferences {
  return current;
}

export function changePreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Private windows may refuse: the choice holds until the page is closed.
  }
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, readPreferences);

// Another tab of the same console.
globalThis.addEventListener('storage', ({ key }) => {
  if (key !== KEY) return;
  current = load();
  for (const tell of listeners) tell();
});
