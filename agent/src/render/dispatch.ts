/**
 * Finds the chain of an endpoint by its address without walking all of them: a tree over the hex digits of the addresses, in
 * which a chain has a rule for each digit that goes on, and leads to an address where there are few. A packet passes some 8 rules
 * a level, each the comparison of a prefix, which is the cheapest there is (a look into a set costs five times as much). Chains are
 * named by the digits that lead to them: who comes or goes changes one of them.
 */
import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { type Chain, chain, goto, jump, type RuleBody } from './chain.ts';
import type { Family } from './family.ts';
import { memoryOf } from './memory.ts';
import type { NodeNames } from './names.ts';
import { canonicalMember, sameItems } from './set.ts';

/** So many addresses stand in one chain. */
const few = 8;

export type Direction = 'ingress' | 'egress';

/** An address of a local endpoint, and the chain that its rules are in. */
export interface Target {
  readonly address: string;
  /** Of the address: all of it. */
  readonly digits: string;
  readonly chain: string;
}

export interface Dispatch {
  /** To stand in the chain that dispatches; what none of them takes is denied there. */
  readonly bodies: readonly RuleBody[];
  readonly chains: readonly Chain[];
}

/** The end of an endpoint is the packet's source where it leaves (egress), its destination where it comes in. */
const ownEnd = { egress: '-s', ingress: '-d' } as const satisfies Record<Direction, string>;
export const peerEnd = { egress: 'dst', ingress: 'src' } as const satisfies Record<Direction, string>;

export const endpointChain = (names: NodeNames, direction: Direction, name: string) =>
  names.chain(`${direction.charAt(0)}-${name}`);

/** Read as it is written, which is several times as fast as a library that allows for every other spelling. */
export function digitsOf(address: string): string {
  const canonical = canonicalMember(address);
  const [head = '', tail] = canonical.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  if (!canonical.includes(':')) {
    return canonical.split('.').reduce((digits, byte) => digits + Number(byte).toString(16).padStart(2, '0'), '');
  }
  const [first, last] = [groups(head), groups(tail ?? '')];
  const left = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...left, ...last].reduce((digits, group) => digits + group.padStart(4, '0'), '');
}

/** The addresses that begin with these digits. */
function networkOf(family: Family, digits: string): string {
  const all = digits.padEnd(family === 'ipv4' ? 8 : 32, '0');
  const bytes = (all.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return `${ipaddr.fromByteArray(bytes).toString()}/${digits.length * 4}`;
}

/** A branch, and the targets that it was made for. */
interface Part {
  readonly below: readonly Target[];
  readonly body: RuleBody;
  readonly chains: readonly Chain[];
}

/** `targets` are sorted by digits. */
export function dispatch(
  names: NodeNames,
  family: Family,
  direction: Direction,
  targets: readonly Target[],
  depth = 0,
): Dispatch {
  if (targets.length <= few) {
    const bodies = targets.map(({ address, chain: name }) => ({
      match: [ownEnd[direction], address],
      target: goto(endpointChain(names, direction, name)),
    }));
    return { bodies, chains: [] };
  }
  // Where they differ first: digits that all have in common lead nowhere by themselves.
  const [first, last] = [targets[0]?.digits ?? '', targets.at(-1)?.digits ?? ''];
  let at = depth;
  while (first[at] === last[at] && at < first.length) at++;
  const byDigit = Map.groupBy(targets, (target) => target.digits.charAt(at));
  const memory = memoryOf(names, family);
  const parts = [...byDigit].map(([digit, below]): Part => {
    const key = `${direction} below ${depth} ${first.slice(0, at)}${digit}`;
    const last = memory.recall(key) as Part | undefined;
    // Who comes or goes changes the branches that lead there, and no others.
    if (last !== undefined && sameItems(last.below, below)) return memory.keep(key, last);
    const prefix = below[0]?.digits.slice(0, at + 1) ?? '';
    const inner = dispatch(names, family, direction, below, at + 1);
    const name = nodeName(names, direction, prefix);
    const node = chain(name, [...inner.bodies, { match: [], target: jump('DROP') }]);
    const body = { match: [ownEnd[direction], networkOf(family, prefix)], target: goto(name) };
    return memory.keep(key, { below, body, chains: [node, ...inner.chains] });
  });
  return { bodies: parts.map((part) => part.body), chains: parts.flatMap((part) => part.chains) };
}

/** Digits of IPv6 are more than a name has room for. */
const nodeName = (names: NodeNames, direction: Direction, prefix: string) =>
  names.chain(
    `${direction.charAt(0)}d-${prefix.length <= 8 ? prefix : createHash('sha256').update(prefix).digest('hex').slice(0, 14)}`,
  );
