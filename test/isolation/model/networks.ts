/** Which addresses lie in a network, by Node's own code: none of it is Atoll's. */
import { BlockList } from 'node:net';

export const kindOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

/** Of networks of either family, with or without a length. */
export function isIn(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', length] = network.split('/');
    if (length === undefined) list.addAddress(base, kindOf(base));
    else list.addSubnet(base, Number(length), kindOf(base));
  }
  return list.check(address, kindOf(address));
}
