import type { Connector } from '../core/connector.ts';
import type { RegisterRules } from '../core/fact.ts';
import { OWN_REGISTERS } from '../core/lives/own-registers.ts';

const merged = new WeakMap<Connector, RegisterRules>();

/** The order of values of a connector's registers, and of those that only the hub's own words use. */
export function rulesOf(connector: Connector): RegisterRules {
  let rules = merged.get(connector);
  if (rules === undefined) merged.set(connector, (rules = { ...OWN_REGISTERS, ...connector.registers }));
  return rules;
}
