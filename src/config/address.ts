import { BlockList, isIP, SocketAddress } from 'node:net';

const mapped = new BlockList();
mapped.addSubnet('::ffff:0:0', 96, 'ipv6');

/** Addresses that no initiator connects to: unspecified, multicast, broadcast, and link-local. */
const unreachable = new BlockList();
unreachable.addSubnet('0.0.0.0', 8, 'ipv4');
unreachable.addSubnet('224.0.0.0', 4, 'ipv4');
unreachable.addAddress('255.255.255.255', 'ipv4');
unreachable.addAddress('::', 'ipv6');
unreachable.addSubnet('ff00::', 8, 'ipv6');

const linkLocal = new BlockList();
linkLocal.addSubnet('fe80::', 10, 'ipv6');

/** The one spelling of a numeric address (RFC 5952), its zone kept; undefined if it is none. */
export function canonicalAddress(text: string): string | undefined {
  if (isIP(text) === 0) return undefined;
  if (isIP(text) === 4) return text;
  const [address = '', ...zone] = text.split('%');
  return [new SocketAddress({ address, family: 'ipv6' }).address, ...zone].join('%');
}

/** Why a canonical address cannot be listened on, in words. */
export function listenFault(address: string): string | undefined {
  if (isIP(address) === 6 && mapped.check(address.split('%')[0]!, 'ipv6')) {
    return `an IPv4 address: write ${address.replace(/^::ffff:/, '')}`;
  }
  return undefined;
}

/** The reason why a canonical address cannot be reported to initiators, in words. */
export function portalFault(address: string): string | undefined {
  const [numeric = '', zone] = address.split('%');
  const family = isIP(numeric) === 6 ? 'ipv6' : 'ipv4';
  if (family === 'ipv6' && linkLocal.check(numeric, family)) {
    return 'a link-local address: initiators of other hosts cannot know its zone; use another';
  }
  if (zone !== undefined) return 'a zone means nothing on other hosts: leave it out';
  if (unreachable.check(numeric, family)) return 'initiators cannot reach this address';
  return listenFault(address);
}

/** Whether a socket on `whole` takes `address` as well: :: covers both families. */
export function includesAddress(whole: string, address: string): boolean {
  return whole === '::' || (whole === '0.0.0.0' && isIP(address) === 4);
}
