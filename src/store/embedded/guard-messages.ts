import type { EmbeddedPostgresErrorCode } from './errors.ts';
import type { UnixUser } from './run-command.ts';
import type { Durability } from './settings.ts';

/** What the hub asks of its guard. No secret is in it. */
export type GuardPlan = {
  readonly home: string;
  readonly user: UnixUser | null;
  readonly binDir: string;
  readonly majorVersion: string;
  readonly durability: Durability;
  readonly tcpPort: number | null;
  readonly memoryBytes: number;
  /** Named to a second hub that finds the folder taken. */
  readonly hubPid: number;
};

export type EmbeddedPostgresStep = 'copying' | 'creating' | 'starting' | 'recovering';

export type FromHub = { readonly type: 'start'; readonly plan: GuardPlan } | { readonly type: 'stop' };

export type FromGuard =
  | { readonly type: 'progress'; readonly step: EmbeddedPostgresStep }
  | { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string }
  | { readonly type: 'ready'; readonly socketDir: string; readonly postmasterPid: number }
  | { readonly type: 'failed'; readonly code: EmbeddedPostgresErrorCode; readonly message: string };
