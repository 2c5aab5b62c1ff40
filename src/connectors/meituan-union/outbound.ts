import type { Connector } from '../../core/connector.ts';
import { makeLink, sidFault } from './client.ts';
import { check, polls, readDay, restMs } from './polls.ts';
import { readTruth } from './truth.ts';

/** The half that calls the platform: what the hub asks of it and does at it. */
export const outbound = {
  readTruth,
  sidFault,
  makeLink,
  polls,
  readDay,
  dayBy: 'paid',
  restMs,
  check,
} satisfies Partial<Connector>;
