import type { Json, JsonObject } from './json.ts';

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What is wrong with a setting `oneItemPerDispense`, in words; `undefined`: nothing. */
export function oneItemFault(value: Json): string | undefined {
  if (typeof value === 'boolean') return undefined;
  if (!isObject(value)) return 'must be true, false or an object of machine numbers';
  const wrong = Object.entries(value).find(([, own]) => typeof own !== 'boolean');
  return wrong === undefined ? undefined : 'must say true or false for each machine; default is for all others';
}

/**
 * Whether a machine gets one item a command: `true` or `false` for all, or by machine number with `default` for those
 * not named. One at a time is the safe side: a belt with drop detection misses the second item of a command.
 */
export function oneItemPerDispense(setting: Json | undefined, machineNo: string): boolean {
  if (typeof setting === 'boolean') return setting;
  if (setting === undefined || !isObject(setting)) return true;
  const own = Object.hasOwn(setting, machineNo) ? setting[machineNo] : setting['default'];
  return own !== false;
}
