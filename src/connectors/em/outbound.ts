import type { Connector } from '../../core/connector.ts';
import { actions } from './actions.ts';
import { creation } from './creation.ts';

/** The half that calls the platform: what the hub asks of it and does at it. */
export const outbound = {
  actions,
  creation,
} satisfies Partial<Connector>;
