import type { ReactNode } from 'react';

/** The product's sign: lines that run together. */
export function Mark(): ReactNode {
  return (
    <svg viewBox="0 0 32 32" width="34" height="34" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#0b6e5f" />
      <path
        d="M7 9.5h5.5c2 0 3 1 4 3M7 16h11M7 22.5h5.5c2 0 3-1 4-3"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
      <circle cx="22" cy="16" r="4.2" fill="#ffd166" />
    </svg>
  );
}
