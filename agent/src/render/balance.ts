/**
 * Sends each connection on to one of some targets, each equally often, in `nat`. Of more than 16 targets groups are chosen from
 * first, each as often as it has members, so that a connection walks some 20 rules at 100 targets, and a target that comes or
 * goes changes its own group.
 *
 * Where a client is to stay with its target, a set for each target (and each group) remembers who was sent there: ipset's own
 * timeouts work with both backends of iptables, hold 65,536 clients each, and outlive a change of the rules.
 */
import { createHash } from 'node:crypto';
import { type Chain, chain, goto, inSet, type RuleBody } from './chain.ts';
import type { Family } from './family.ts';
import type { NodeNames } from './names.ts';
import { type IpSet, rememberingSet } from './set.ts';

const most = 16;

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** `meaning`: what is balanced, unlike anything else; the same in all ports of a service where `stay` is. */
export interface Balanced {
  readonly protocol: 'TCP' | 'UDP';
  readonly targets: readonly Target[];
  /** Clients stay with their target for so many seconds; `with` names what they stay with. */
  readonly stay: { readonly seconds: number; readonly with: string } | null;
}

export interface Balance {
  readonly bodies: readonly RuleBody[];
  readonly chains: readonly Chain[];
  readonly sets: readonly IpSet[];
}

const hex = (text: string) => createHash('sha256').update(text).digest('hex');

const spelled = ({ address, port }: Target) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

/** `meaning` tells it from everything else that is balanced on the node. The bodies are for the chain that leads here. */
export function balance(names: NodeNames, family: Family, meaning: string, balanced: Balanced, digits = ''): Balance {
  const { protocol, targets, stay } = balanced;
  const chainOf = (what: string) => names.chain(`t-${hex(`${meaning} ${what}`).slice(0, 16)}`);
  const flag = protocol.toLowerCase();
  const translated = (target: Target): RuleBody => ({
    match: ['-p', flag, '-m', flag],
    target: ['-j', 'DNAT', '--to-destination', spelled(target)],
  });
  const remember = (what: string) =>
    stay === null ? null : rememberingSet(names, family, `clients of ${stay.with} at ${what}`, stay.seconds);
  const remembering = (set: IpSet | null): RuleBody[] =>
    set === null || stay === null
      ? []
      : [{ match: [], target: ['-j', 'SET', '--add-set', set.name, 'src', '--exist', '--timeout', `${stay.seconds}`] }];

  interface Part {
    readonly weight: number;
    readonly set: IpSet | null;
    /** Null where the one rule `direct` does it. */
    readonly to: string | null;
    readonly direct: RuleBody | null;
    readonly chains: readonly Chain[];
    readonly sets: readonly IpSet[];
  }

  function single(target: Target): Part {
    const set = remember(target.address);
    if (set === null) return { weight: 1, set, to: null, direct: translated(target), chains: [], sets: [] };
    const to = chainOf(spelled(target));
    const leaf = chain(to, [...remembering(set), translated(target)]);
    return { weight: 1, set, to, direct: null, chains: [leaf], sets: [set] };
  }

  function group(digit: string, below: readonly Target[]): Part {
    const branch = digits + digit;
    const set = remember(`group ${branch}`);
    const inner = balance(names, family, meaning, { ...balanced, targets: below }, branch);
    const to = chainOf(`group ${branch}`);
    const node = chain(to, [...remembering(set), ...inner.bodies]);
    const sets = set === null ? inner.sets : [set, ...inner.sets];
    return { weight: below.length, set, to, direct: null, chains: [node, ...inner.chains], sets };
  }

  const parts =
    targets.length <= most
      ? targets.map(single)
      : [...Map.groupBy(targets, (target) => hex(target.address).charAt(digits.length))]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([digit, below]) => group(digit, below));

  const lead = (part: Part, match: readonly string[]): RuleBody =>
    part.direct === null || part.to !== null
      ? { match, target: goto(part.to ?? '') }
      : { match: [...part.direct.match, ...match], target: part.direct.target };
  const known = parts.flatMap((part) => (part.set === null ? [] : [lead(part, inSet(part.set.name, 'src'))]));
  let left = targets.length;
  const chosen = parts.map((part, index) => {
    const odds = part.weight / left;
    left -= part.weight;
    const last = index === parts.length - 1;
    // As iptables prints it, and exact to one in 2^31.
    return lead(part, last ? [] : ['-m', 'statistic', '--mode', 'random', '--probability', odds.toFixed(11)]);
  });
  return {
    bodies: [...known, ...chosen],
    chains: parts.flatMap((part) => part.chains),
    sets: parts.flatMap((part) => part.sets),
  };
}
