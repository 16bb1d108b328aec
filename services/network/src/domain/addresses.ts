/**
 * Which addresses are given next in the subnets of a namespace. First those never used, from the lowest on; then those
 * given back, the longest at rest first, and only when no reachable node's rules can still contain them: else a packet
 * to or from the new holder could pass by a rule that was meant for the old one.
 */
import type { Id } from '@atoll/schema/ids';
import { addressText, addressValue, parseRange, sizeOf } from './address.ts';
import type { Addresses } from './endpoint.ts';

/** Host parts that are kept: the network's own address and the first one; and, counted from the end, the broadcast. */
export const lowestHost = 2;
const keptAtEnd = 1;

export interface SubnetUse {
  readonly subnetId: Id<'subnet'>;
  readonly ipv4: string;
  readonly ipv6: string;
  /** The highest host part that was ever used; less than `lowestHost` for none. */
  readonly highest: number;
  /** Host parts given back, and when, as a position. `confirmed`: it has rested, and no reachable node's rules can still contain it. */
  readonly resting: readonly { readonly host: number; readonly releasedAt: number; readonly confirmed: boolean }[];
}

/** Host part of an IPv4 address in its subnet. */
export const hostOf = (ipv4: string, subnetIpv4: string): number =>
  Number(addressValue(ipv4) - parseRange(subnetIpv4).first);

/** The pair of addresses with that host part: the same in both families. */
export const addressesAt = (
  { subnetId, ipv4, ipv6 }: Omit<SubnetUse, 'highest' | 'resting'>,
  host: number,
): Addresses => ({
  subnetId,
  ipv4: addressText(4, parseRange(ipv4).first + BigInt(host)),
  ipv6: addressText(6, parseRange(ipv6).first + BigInt(host)),
});

const highestHost = (ipv4: string) => {
  const { family, prefix } = parseRange(ipv4);
  return Number(sizeOf(family, prefix)) - 1 - keptAtEnd;
};

/** How many instances the subnets have addresses for. */
export const capacityOf = (subnets: readonly Pick<SubnetUse, 'ipv4'>[]) =>
  subnets.reduce((sum, { ipv4 }) => sum + highestHost(ipv4) - lowestHost + 1, 0);

/** At most `count` pairs of addresses, in the order in which they are to be given. */
export function nextAddresses(subnets: readonly SubnetUse[], count: number): Addresses[] {
  const chosen: Addresses[] = [];
  for (const subnet of subnets) {
    const last = highestHost(subnet.ipv4);
    for (let host = Math.max(subnet.highest + 1, lowestHost); host <= last && chosen.length < count; host++) {
      chosen.push(addressesAt(subnet, host));
    }
  }
  const rested = subnets
    .flatMap((subnet) => subnet.resting.map((rest) => ({ subnet, ...rest })))
    .filter(({ confirmed }) => confirmed)
    .sort((a, b) => a.releasedAt - b.releasedAt || a.host - b.host);
  for (const { subnet, host } of rested.slice(0, count - chosen.length)) chosen.push(addressesAt(subnet, host));
  return chosen;
}
