/** Sets of addresses, as values and as the text that builds one. */
import ipaddr from 'ipaddr.js';
import { type Family, familyFacts } from './family.ts';
import { memoryOf } from './memory.ts';
import type { NodeNames } from './names.ts';

/**
 * `hash:net`: CIDRs. `hash:net,iface`: an address together with the interface it belongs to. `hash:ip,port`: `<address>,tcp:80`,
 * one port a member; `hash:ip,port,ip`: and a second address.
 */
const setTypes = ['hash:ip', 'hash:net', 'hash:net,iface', 'hash:ip,port', 'hash:ip,port,ip'] as const;
export type SetType = (typeof setTypes)[number];

/**
 * What a member means, which is the order in which members come and go. `opens`: something is let through or reached by it;
 * `closes`: something is denied by it; `owns`: without it nothing passes, whatever else.
 */
export type SetRole = 'opens' | 'closes' | 'owns';

export interface IpSet {
  readonly name: string;
  readonly family: Family;
  readonly type: SetType;
  readonly role: SetRole;
  /** Canonical, sorted, without duplicates. */
  readonly members: readonly string[];
  /**
   * Its members are the kernel's own, put there by rules and forgotten after so many seconds: it is made, and never changed. Null
   * for all others.
   */
  readonly forgetSeconds: number | null;
}

/** An address as the kernel says it, whatever follows it. */
const plainIpv4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})(?:,.*)?$/;
/** A middle left out, of two zeros at least, and no zero beside it: there is no other way to leave something out. */
const plainIpv6 = /^(?!(?:[^:,]*:){7})(?:[1-9a-f][\da-f]{0,3}:)+(?::[1-9a-f][\da-f]{0,3})+(?:,.*)?$/;
const spellings = new Map<string, string>();
const mostSpellings = 200_000;

/** One spelling per address, the kernel's; whatever follows a comma (an interface) stays. */
export function canonicalMember(member: string): string {
  if (plainIpv4.test(member) || plainIpv6.test(member)) return member;
  const known = spellings.get(member);
  if (known !== undefined) return known;
  const spelling = spell(member);
  if (spellings.size >= mostSpellings) spellings.clear();
  spellings.set(member, spelling);
  return spelling;
}

function spell(member: string): string {
  const [network = '', ...rest] = member.split(',');
  const [address = '', prefix] = network.split('/');
  const parsed = ipaddr.parse(address);
  // The kernel says an address without its length.
  const whole = prefix === undefined || Number(prefix) === (parsed.kind() === 'ipv4' ? 32 : 128);
  return [whole ? parsed.toString() : `${parsed.toString()}/${prefix}`, ...rest].join(',');
}

interface Made {
  readonly plain: string;
  readonly given: readonly string[];
  readonly set: IpSet;
}

/** `meaning` names it. The same as last time is the same object. */
export function ipSet(
  names: NodeNames,
  family: Family,
  type: SetType,
  meaning: string,
  members: readonly string[],
  role: SetRole = 'opens',
): IpSet {
  const memory = memoryOf(names, family);
  const last = memory.recall(meaning) as Made | undefined;
  const plain = last?.plain ?? names.set(family, meaning);
  const name = memory.isAliased(plain) ? names.aliasOf(plain) : plain;
  if (last !== undefined && last.set.name === name && last.set.type === type && sameItems(last.given, members)) {
    memory.keep(meaning, last);
    return last.set;
  }
  const canonical = [...new Set(members.map(canonicalMember))].sort();
  const set: IpSet = { name, family, type, role, members: canonical, forgetSeconds: null };
  memory.keep<Made>(meaning, { plain, given: members, set });
  return set;
}

/** A set that rules add addresses to. */
export const rememberingSet = (names: NodeNames, family: Family, meaning: string, forgetSeconds: number): IpSet => ({
  ...ipSet(names, family, 'hash:ip', `${meaning} for ${forgetSeconds} s`, []),
  forgetSeconds,
});

export const sameItems = <T>(a: readonly T[], b: readonly T[]) =>
  a === b || (a.length === b.length && a.every((item, at) => item === b[at]));

/** The kernel's default room is 65,536 members; more must be asked for when a set is made. */
export const roomFor = (set: IpSet) => Math.max(65_536, 2 ** Math.ceil(Math.log2(set.members.length + 1)));

/** Lines for `ipset restore` that make a set of this name with these members, also where there is one already. */
export function buildLines(set: IpSet, name: string): string[] {
  return [createLine(set, name), `flush ${name}`, ...memberLines(set, name)];
}

/** The same of a name that was seen not to be there: emptying each set takes the kernel as long as filling it. */
export const newLines = (set: IpSet): string[] => [createLine(set, set.name), ...memberLines(set, set.name)];

function createLine(set: IpSet, name: string): string {
  const forget = set.forgetSeconds === null ? '' : ` timeout ${set.forgetSeconds}`;
  return `create ${name} ${set.type} family ${familyFacts[set.family].ipset} maxelem ${roomFor(set)}${forget} -exist`;
}
const memberLines = (set: IpSet, name: string) => set.members.map((member) => `add ${name} ${member}`);
