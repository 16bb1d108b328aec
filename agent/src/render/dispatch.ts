/**
 * Finds the chain of an endpoint without walking all of them: a tree over the hex digits of the chains' names, with 16
 * branches, so a packet passes at most 16 rules a level (some 32 rules at 256 distinct chains, 48 at 4096). Named by
 * digits, not by place: a chain that comes or goes changes its own branch only.
 */
import { type Chain, chain, goto, inSet, jump, type RuleBody } from './chain.ts';
import type { Family } from './family.ts';
import { memoryOf } from './memory.ts';
import type { NodeNames } from './names.ts';
import { type IpSet, ipSet } from './set.ts';

const branches = 16;

export type Direction = 'ingress' | 'egress';

/** A chain that local endpoints use, and their addresses. */
export interface Target {
  readonly chain: string;
  readonly members: readonly string[];
}

export interface Dispatch {
  /** To stand in the chain that dispatches; what none of them takes is denied there. */
  readonly bodies: readonly RuleBody[];
  readonly chains: readonly Chain[];
  readonly sets: readonly IpSet[];
}

/** The end of an endpoint is the packet's source where it leaves (egress), its destination where it comes in. */
export const ownEnd = { egress: 'src', ingress: 'dst' } as const satisfies Record<Direction, string>;
export const peerEnd = { egress: 'dst', ingress: 'src' } as const satisfies Record<Direction, string>;

export const endpointChain = (names: NodeNames, direction: Direction, name: string) =>
  names.chain(`${direction.charAt(0)}-${name}`);

export function dispatch(
  names: NodeNames,
  family: Family,
  direction: Direction,
  targets: readonly Target[],
  digits = '',
): Dispatch {
  const go = (set: IpSet, to: string): RuleBody => ({
    match: inSet(set.name, ownEnd[direction]),
    target: goto(to),
  });
  if (targets.length <= branches) {
    const leads = { leads: digits.length, tree: direction };
    const leaves = targets.map((target) =>
      memoryOf(names, family).of(`${direction} ${digits.length}`, target, () => ({
        set: ipSet(names, family, 'hash:ip', `${direction} chain ${target.chain}`, target.members, leads),
        to: endpointChain(names, direction, target.chain),
      })),
    );
    return { bodies: leaves.map(({ set, to }) => go(set, to)), chains: [], sets: leaves.map(({ set }) => set) };
  }
  const byDigit = Map.groupBy(targets, (target) => target.chain.charAt(digits.length));
  const parts = [...byDigit.entries()].map(([digit, below]) => {
    const branch = digits + digit;
    const inner = dispatch(names, family, direction, below, branch);
    const to = names.chain(`${direction.charAt(0)}d-${branch}`);
    const members = below.flatMap((target) => target.members);
    const leads = { leads: digits.length, tree: direction };
    const set = ipSet(names, family, 'hash:ip', `${direction} branch ${branch}`, members, leads);
    const node = chain(to, [...inner.bodies, { match: [], target: jump('DROP') }]);
    return { body: go(set, to), chains: [node, ...inner.chains], sets: [set, ...inner.sets] };
  });
  return {
    bodies: parts.map((part) => part.body),
    chains: parts.flatMap((part) => part.chains),
    sets: parts.flatMap((part) => part.sets),
  };
}
