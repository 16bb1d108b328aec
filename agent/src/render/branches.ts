/**
 * Leads packets to one of many chains without walking all of them: a tree over the hex digits of their keys, with 16 branches a
 * level. A chain that comes or goes changes its own branch only.
 */
import { type Chain, chain, goto, inSet, type RuleBody } from './chain.ts';
import type { Family } from './family.ts';
import type { NodeNames } from './names.ts';
import { type IpSet, ipSet } from './set.ts';

const most = 16;

export interface Leaf {
  /** Hex digits. */
  readonly key: string;
  readonly chain: string;
  /** Addresses whose packets it is for. */
  readonly members: readonly string[];
}

export interface Branches {
  readonly bodies: readonly RuleBody[];
  readonly chains: readonly Chain[];
  readonly sets: readonly IpSet[];
}

/** `kind` is short, and names the tree; `end`: which address of the packet is a member. What no leaf is for returns. */
export function branches(
  names: NodeNames,
  family: Family,
  { kind, end }: { readonly kind: string; readonly end: 'src' | 'dst' },
  leaves: readonly Leaf[],
  digits = '',
): Branches {
  const go = (set: IpSet, to: string): RuleBody => ({ match: inSet(set.name, end), target: goto(to) });
  if (leaves.length <= most) {
    const found = leaves.map((leaf) => ({
      set: ipSet(names, family, 'hash:ip', `${kind} of ${leaf.key}`, leaf.members),
      to: leaf.chain,
    }));
    return { bodies: found.map(({ set, to }) => go(set, to)), chains: [], sets: found.map(({ set }) => set) };
  }
  const parts = [...Map.groupBy(leaves, (leaf) => leaf.key.charAt(digits.length))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([digit, below]) => {
      const branch = digits + digit;
      const inner = branches(names, family, { kind, end }, below, branch);
      const to = names.chain(`${kind}-${branch}`);
      const members = below.flatMap((leaf) => leaf.members);
      const set = ipSet(names, family, 'hash:ip', `${kind} branch ${branch}`, members);
      return { body: go(set, to), chains: [chain(to, inner.bodies), ...inner.chains], sets: [set, ...inner.sets] };
    });
  return {
    bodies: parts.map((part) => part.body),
    chains: parts.flatMap((part) => part.chains),
    sets: parts.flatMap((part) => part.sets),
  };
}
