import type { Connector } from '../core/connector.ts';
import { custom } from './custom/index.ts';
import { douyin } from './douyin/index.ts';
import { eleme } from './eleme/index.ts';
import { em } from './em/index.ts';
import { meituanUnion } from './meituan-union/index.ts';
import { meituanWaimai } from './meituan-waimai/index.ts';
import { vending } from './vending/index.ts';

/** Every platform that Huidan speaks with. A new one is a folder here and a line in this list. */
export const connectors: readonly Connector[] = [meituanUnion, meituanWaimai, eleme, em, custom, vending, douyin];

/** The connector of a platform id, or `undefined`. */
export function findConnector(id: string): Connector | undefined {
  return connectors.find((connector) => connector.id === id);
}
