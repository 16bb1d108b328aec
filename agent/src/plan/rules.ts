/**
 * Rendered × observed → what to run. Pure. Only own chains, own sets and own anchors are in it; where everything is as
 * it should be, the plan is empty.
 */

import { type Family, families } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import type { Anchor, RenderedRules } from '../render/rules.ts';
import { buildLines, type IpSet } from '../render/set.ts';

/** A rule of FORWARD or INPUT. */
export type ObservedAnchor =
  | { readonly kind: 'foreign' }
  | {
      readonly kind: 'atoll';
      readonly anchor: Anchor['kind'];
      /** Of this node; else of another that shares the host. */
      readonly own: boolean;
      readonly hash: string | null;
      /** As it can be deleted. */
      readonly text: string;
    };

export interface ObservedTable {
  /** Own chains with their rules' hashes; null for a rule that isn't ours. */
  readonly chains: ReadonlyMap<string, readonly (string | null)[]>;
  readonly builtins: Readonly<Record<Anchor['builtin'], readonly ObservedAnchor[]>>;
}

export interface ObservedRules {
  readonly tables: Readonly<Record<Family, ObservedTable>>;
  /** Own sets with their members. */
  readonly sets: ReadonlyMap<string, ReadonlySet<string>>;
}

/** In the order in which it is run: what is needed comes before what needs it, what is left over goes last. */
export interface RulesPlan {
  /** `ipset restore`: new sets, and the next content of changed ones; nothing refers to them yet. */
  readonly prepare: readonly string[];
  /** `ipset restore`: changed sets get their next content. */
  readonly swap: readonly string[];
  /** `iptables-restore --noflush`, one per family; null where there is nothing to do. */
  readonly restore: Readonly<Record<Family, string | null>>;
  /** `ipset restore`: sets that nothing refers to any more. */
  readonly retire: readonly string[];
  /** What differed, for people. */
  readonly differences: readonly string[];
}

export const isEmpty = (plan: RulesPlan) => plan.differences.length === 0;

const equal = <T>(a: readonly T[], b: readonly T[]) => a.length === b.length && a.every((item, i) => item === b[i]);
const sameMembers = (set: IpSet, observed: ReadonlySet<string>) =>
  set.members.length === observed.size && set.members.every((member) => observed.has(member));

export function planRules(
  names: NodeNames,
  wanted: Readonly<Record<Family, RenderedRules>>,
  observed: ObservedRules,
): RulesPlan {
  const tables = families.map((family) => planTable(wanted[family], observed.tables[family]));
  const sets = families.flatMap((family) => wanted[family].sets);
  const missing = sets.filter((set) => !observed.sets.has(set.name));
  const changed = sets.filter((set) => {
    const members = observed.sets.get(set.name);
    return members !== undefined && !sameMembers(set, members);
  });
  const keep = new Set(sets.map((set) => set.name));
  const building = new Set(changed.map((set) => names.nextSet(set.name)));
  const surplus = [...observed.sets.keys()].filter((name) => !keep.has(name)).sort();
  return {
    prepare: [
      ...missing.flatMap((set) => buildLines(set, set.name)),
      ...changed.flatMap((set) => buildLines(set, names.nextSet(set.name))),
    ],
    swap: changed.flatMap((set) => {
      const next = names.nextSet(set.name);
      return [`swap ${next} ${set.name}`, `destroy ${next}`];
    }),
    restore: { ipv4: tables[0]?.text ?? null, ipv6: tables[1]?.text ?? null },
    retire: surplus.filter((name) => !building.has(name)).map((name) => `destroy ${name}`),
    differences: [
      ...missing.map((set) => `set ${set.name} missing`),
      ...changed.map((set) => `set ${set.name} differs`),
      ...surplus.map((name) => `set ${name} is left over`),
      ...tables.flatMap((table) => table.differences),
    ],
  };
}

interface TablePlan {
  readonly text: string | null;
  readonly differences: readonly string[];
}

function planTable(wanted: RenderedRules, observed: ObservedTable): TablePlan {
  const changed = wanted.chains.filter((chain) => {
    const hashes = observed.chains.get(chain.name);
    return (
      hashes === undefined ||
      !equal<string | null>(
        hashes,
        chain.rules.map((rule) => rule.hash),
      )
    );
  });
  const keep = new Set(wanted.chains.map((chain) => chain.name));
  const surplus = [...observed.chains.keys()].filter((name) => !keep.has(name)).sort();
  const builtins = (['FORWARD', 'INPUT'] as const).filter(
    (builtin) => !inPlace(anchorsOf(wanted, builtin), observed.builtins[builtin]),
  );
  const differences = [
    ...changed.map(
      (chain) => `${wanted.family} chain ${chain.name} ${observed.chains.has(chain.name) ? 'differs' : 'missing'}`,
    ),
    ...surplus.map((name) => `${wanted.family} chain ${name} is left over`),
    ...builtins.map((builtin) => `${wanted.family} ${builtin} doesn't lead into Atoll's chains as it should`),
  ];
  if (differences.length === 0) return { text: null, differences };
  const lines = [
    '*filter',
    // Declaring a chain empties it; all are there before any rule names one.
    ...changed.map((chain) => `:${chain.name} - [0:0]`),
    ...surplus.map((name) => `:${name} - [0:0]`),
    ...changed.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule.text}`)),
    ...builtins.flatMap((builtin) => anchorLines(builtin, anchorsOf(wanted, builtin), observed.builtins[builtin])),
    ...surplus.map((name) => `-X ${name}`),
    'COMMIT',
  ];
  return { text: `${lines.join('\n')}\n`, differences };
}

const anchorsOf = (wanted: RenderedRules, builtin: Anchor['builtin']) =>
  wanted.anchors.filter((anchor) => anchor.builtin === builtin);

/** Leads first in its chain; `accept` comes behind the last of these, whoever's it is. */
const leads = (entry: ObservedAnchor) => entry.kind === 'atoll' && entry.anchor !== 'accept';
const accepts = (entry: ObservedAnchor) => entry.kind === 'atoll' && entry.anchor === 'accept';
const isOwn = (entry: ObservedAnchor) => entry.kind === 'atoll' && entry.own;

function inPlace(wanted: readonly Anchor[], observed: readonly ObservedAnchor[]): boolean {
  if (observed.filter(isOwn).length !== wanted.length) return false;
  const lastLead = observed.findLastIndex(leads);
  return wanted.every((anchor) => {
    const index = observed.findIndex((entry) => entry.kind === 'atoll' && entry.own && entry.hash === anchor.rule.hash);
    if (index === -1) return false;
    return anchor.kind === 'accept'
      ? index > lastLead && observed.slice(lastLead + 1, index).every(accepts)
      : observed.slice(0, index).every(leads);
  });
}

function anchorLines(
  builtin: Anchor['builtin'],
  wanted: readonly Anchor[],
  observed: readonly ObservedAnchor[],
): string[] {
  const rest = observed.filter((entry) => !isOwn(entry));
  const behindLeads = rest.findLastIndex(leads) + 3;
  return [
    ...observed.flatMap((entry) => (entry.kind === 'atoll' && entry.own ? [`-D ${builtin} ${entry.text}`] : [])),
    ...wanted.map((anchor) => `-I ${builtin} ${anchor.kind === 'accept' ? behindLeads : 1} ${anchor.rule.text}`),
  ];
}

/** Everything of this node's, gone: the same plan with nothing wanted. */
export function planRemoval(names: NodeNames, observed: ObservedRules): RulesPlan {
  const nothing = (family: Family): RenderedRules => ({ family, sets: [], chains: [], anchors: [] });
  return planRules(names, { ipv4: nothing('ipv4'), ipv6: nothing('ipv6') }, observed);
}
