/** Sets of addresses, as values and as the text that builds one. */
import ipaddr from 'ipaddr.js';
import { type Family, familyFacts } from './family.ts';
import type { NodeNames } from './names.ts';

/**
 * `hash:net`: CIDRs. `hash:net,iface`: an address together with the interface it belongs to. `hash:ip,port`: `<address>,tcp:80`,
 * one port a member.
 */
const setTypes = ['hash:ip', 'hash:net', 'hash:net,iface', 'hash:ip,port'] as const;
export type SetType = (typeof setTypes)[number];

export interface IpSet {
  readonly name: string;
  readonly family: Family;
  readonly type: SetType;
  /** Canonical, sorted, without duplicates. */
  readonly members: readonly string[];
}

/** One spelling per address, the kernel's; whatever follows a comma (an interface) stays. */
export function canonicalMember(member: string): string {
  const [network = '', ...rest] = member.split(',');
  const [address = '', prefix] = network.split('/');
  const parsed = ipaddr.parse(address);
  // The kernel says an address without its length.
  const whole = prefix === undefined || Number(prefix) === (parsed.kind() === 'ipv4' ? 32 : 128);
  return [whole ? parsed.toString() : `${parsed.toString()}/${prefix}`, ...rest].join(',');
}

export function ipSet(
  names: NodeNames,
  family: Family,
  type: SetType,
  meaning: string,
  members: readonly string[],
): IpSet {
  const unique = new Set(members.map(canonicalMember));
  return { name: names.set(family, meaning), family, type, members: [...unique].sort() };
}

/** Lines for `ipset restore` that make a set of this name with these members. */
export function buildLines(set: IpSet, name: string): string[] {
  // The kernel's default room is 65,536 members; more must be asked for.
  const room = Math.max(65_536, 2 ** Math.ceil(Math.log2(set.members.length + 1)));
  return [
    `create ${name} ${set.type} family ${familyFacts[set.family].ipset} maxelem ${room} -exist`,
    `flush ${name}`,
    ...set.members.map((member) => `add ${name} ${member}`),
  ];
}
