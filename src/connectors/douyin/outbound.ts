import type { Connector } from '../../core/connector.ts';
import { actions } from './actions.ts';
import { accessTokens, check } from './client.ts';
import { creation } from './creation.ts';
import { restMs } from './rest.ts';
import { readTruth } from './truth.ts';

/** The half that calls the platform: what the hub asks of it and does at it. */
export const outbound = {
  readTruth,
  // No such payment.
  absentCodes: new Set(['2000']),
  actions,
  creation,
  accessTokens,
  restMs,
  check,
} satisfies Partial<Connector>;
