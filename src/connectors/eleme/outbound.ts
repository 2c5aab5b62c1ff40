import type { Connector } from '../../core/connector.ts';
import { actions } from './actions.ts';
import { binding, check } from './binding.ts';
import { polls, readDay, restMs } from './polls.ts';
import { storeActions } from './store-actions.ts';
import { readTruth } from './truth.ts';

/** The half that calls the platform: what the hub asks of it and does at it. */
export const outbound = {
  binding,
  readTruth,
  actions,
  storeActions,
  polls,
  restMs,
  readDay,
  check,
} satisfies Partial<Connector>;
