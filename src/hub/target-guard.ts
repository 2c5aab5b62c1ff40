import { lookup as dnsLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** Which addresses a request that a user configured may go to. */
export interface TargetPolicy {
  /** HUIDAN_ALLOW_PRIVATE_TARGETS: loopback and private networks too. */
  readonly allowPrivateTargets: boolean;
}

/** Why an address may not be used; its code survives in the error of a failed connection. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused';
  readonly code = 'target_refused';
}

// IANA's special-purpose registries (https://www.iana.org/assignments/iana-ipv4-special-registry), read 2026-11.
const REFUSED_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  // Carrier-grade NAT; clouds keep services there, such as 100.100.100.200 of Alibaba Cloud.
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, with 169.254.169.254 of most clouds.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Looks public, but is the host's own service in Azure.
  ['168.63.129.16', 32],
];

// Inside 2000::/3, the only range given out for the public Internet. Everything else is refused as a whole: loopback,
// mapped and compatible IPv4, unique-local (fd00:ec2::254), link-local, site-local, multicast, local NAT64.
const REFUSED_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const refusedIpv4 = new BlockList();
for (const [net, prefix] of REFUSED_IPV4) refusedIpv4.addSubnet(net, prefix, 'ipv4');
const refusedIpv6 = new BlockList();
for (const [net, prefix] of REFUSED_IPV6) refusedIpv6.addSubnet(net, prefix, 'ipv6');
const publicIpv6 = new BlockList();
publicIpv6.addSubnet('2000::', 3, 'ipv6');
const nat64 = new BlockList();
nat64.addSubnet('64:ff9b::', 96, 'ipv6');

/** True for an address of the public Internet. Takes IPv4 and IPv6 in any textual form that `net.isIP` knows. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refusedIpv4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  // On a network of IPv6 alone every IPv4 host looks like this: what counts is the address inside.
  if (nat64.check(address, 'ipv6')) return isPublicAddress(embeddedIpv4(address));
  return publicIpv6.check(address, 'ipv6') && !refusedIpv6.check(address, 'ipv6');
}

/** The last four bytes of an IPv6 address in IPv4's form. */
function embeddedIpv4(address: string): string {
  // The URL parser writes every form alike: [64:ff9b::102:304].
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

export type TargetFault = 'not_a_url' | 'not_http' | 'has_userinfo' | 'private_address';

/**
 * Checks the address as text: http or https, no user or password, and no literal private address. The URL parser turns
 * decimal, octal and hexadecimal forms into the usual one first. Names are only resolved when a connection is made.
 */
export function checkTargetUrl(
  text: string,
  policy: TargetPolicy,
): { readonly url: URL } | { readonly fault: TargetFault } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') return { fault: 'not_a_url' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { fault: 'not_http' };
  if (url.username !== '' || url.password !== '') return { fault: 'has_userinfo' };
  if (!policy.allowPrivateTargets && isLocalName(url.hostname)) return { fault: 'private_address' };
  return { url };
}

function isLocalName(hostname: string): boolean {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(bare) !== 0) return !isPublicAddress(bare);
  const name = bare.replace(/\.$/u, '');
  return name === 'localhost' || name.endsWith('.localhost');
}

export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

const resolveAll: Resolve = (hostname, callback) => {
  dnsLookup(hostname, { all: true }, callback);
};

/**
 * A lookup for `net.connect` that hands out only addresses it has checked. A name that resolves to even one private
 * address is refused as a whole: the mixture is how a rebinding attack looks. What is returned is what gets connected
 * to, so there is no second resolution to fool.
 */
export function guardedLookup(resolve: Resolve = resolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) return callback(error, '', 0);
      if (first === undefined || addresses.some(({ address }) => !isPublicAddress(address))) {
        return callback(new TargetRefused(`${hostname} is not on the public Internet`), '', 0);
      }
      if (options.all === true) return callback(null, [...addresses]);
      callback(null, first.address, first.family);
    });
  };
}

/**
 * Opens connections for undici under the policy. `node:net` asks no lookup for a literal address, so those are checked
 * before it is called.
 */
export function guardedConnector(
  policy: TargetPolicy,
  options: { readonly connectTimeoutMs: number; readonly resolve?: Resolve },
): buildConnector.connector {
  // HTTP/2 is left out: one request per connection is what bounds a slow endpoint.
  const base = { timeout: options.connectTimeoutMs, allowH2: false };
  if (policy.allowPrivateTargets) return buildConnector(base);
  const connect = buildConnector({ ...base, lookup: guardedLookup(options.resolve) });
  return (target, callback) => {
    if (isIP(target.hostname) !== 0 && !isPublicAddress(target.hostname)) {
      callback(new TargetRefused(`${target.hostname} is not on the public Internet`), null);
      return;
    }
    connect(target, callback);
  };
}
