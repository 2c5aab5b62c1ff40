import type { ReactNode } from 'react';
import { NavLink } from 'react-router';
import styles from './tab-links.module.css';

/** The parts of a page as links: each has an address of its own, and they scroll where a phone is too narrow. */
export function TabLinks({
  label,
  links,
}: {
  readonly label: string;
  readonly links: readonly { readonly to: string; readonly label: string }[];
}): ReactNode {
  return (
    <nav className={styles['tabs']} aria-label={label}>
      {links.map((link) => (
        <NavLink key={link.to} to={link.to} end className={styles['tab'] ?? ''}>
          {link.label}
        </NavLink>
      ))}
    </nav>
  );
}
