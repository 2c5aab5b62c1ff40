import type { Connector } from '../../core/connector.ts';
import { actions } from './actions.ts';
import { check } from './client.ts';
import { creation } from './creation.ts';
import { ABSENT_CODES } from './errors.ts';
import { machines } from './machines.ts';
import { restMs } from './rest.ts';
import { readTruth } from './truth.ts';

/** The half that calls the platform: what the hub asks of it and does at it. */
export const outbound = {
  readTruth,
  absentCodes: ABSENT_CODES,
  actions,
  creation,
  restMs,
  machines,
  check,
} satisfies Partial<Connector>;
