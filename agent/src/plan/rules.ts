/**
 * Rendered × observed → what to run. Pure. Only own chains, own sets and own anchors are in it; where everything is as
 * it should be, the plan is empty.
 */

import { type Family, families } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import { buildLines, type IpSet, newLines } from '../render/set.ts';
import {
  type Anchor,
  builtins as builtinsOf,
  emptyTable,
  tables as everyTable,
  type Place,
  type RenderedRules,
  type Table,
  type TablePart,
} from '../render/tables.ts';
import type { Count } from './tally.ts';

/** A rule of a built-in chain. */
export type ObservedAnchor =
  | { readonly kind: 'foreign' }
  | {
      readonly kind: 'atoll';
      readonly place: Place;
      /** Of this node; else of another that shares the host. */
      readonly own: boolean;
      readonly hash: string | null;
      /** As it can be deleted. */
      readonly text: string;
    };

export interface ObservedTable {
  /** Own chains with their rules' hashes; null for a rule that isn't ours. */
  readonly chains: ReadonlyMap<string, readonly (string | null)[]>;
  /** What the rules of policies have counted, by chain, in their order. */
  readonly counts: ReadonlyMap<string, readonly Count[]>;
  /** Sets that own rules name. */
  readonly uses: ReadonlySet<string>;
  /** Own chains that rules in somebody else's chains lead to, and own sets that such rules name: the kernel removes neither. */
  readonly held: Held;
  /** Every built-in chain of the table. */
  readonly builtins: ReadonlyMap<string, readonly ObservedAnchor[]>;
}
/** Each by who holds it: the name of a chain. */
export interface Held {
  readonly chains: ReadonlyMap<string, string>;
  readonly sets: ReadonlyMap<string, string>;
}
export type ObservedTables = Readonly<Record<Table, ObservedTable>>;

export interface ObservedRules {
  readonly tables: Readonly<Record<Family, ObservedTables>>;
  /** Own sets with their members. */
  readonly sets: ReadonlyMap<string, ReadonlySet<string>>;
}

/** In the order in which it is run: what is needed comes before what needs it, what is left over goes last. */
export interface RulesPlan {
  /** `ipset restore`: new sets, and the next content of changed ones; nothing refers to them yet. */
  readonly prepare: readonly string[];
  /** `ipset restore`: changed sets get their next content. */
  readonly swap: readonly string[];
  /** `iptables-restore --noflush`, one per family, table after table; null where there is nothing to do. */
  readonly restore: Readonly<Record<Family, string | null>>;
  /** `ipset restore`: sets that nothing refers to any more. */
  readonly retire: readonly string[];
  /**
   * Sets that rules in force name and whose members are to be others, together with rules or with other sets: one after the
   * other, there would be moments with some of both. Under the other of its two names a set is made beside them, and is in force
   * with the rules, by one commit.
   */
  readonly together: readonly IpSet[];
  /** What differed, for people. */
  readonly differences: readonly string[];
  /** What is wanted no more and can't be removed, for people: it stays, with nothing in it, for as long as somebody holds it. */
  readonly held: readonly string[];
  /** Only what nothing leads to differs: what decides about packets is as it should be. */
  readonly onlyLeftOver: boolean;
}

/** Nothing of this node's is in force, or left over: whatever is written takes nothing away. */
export const hasNothing = ({ tables, sets }: ObservedRules): boolean =>
  sets.size === 0 &&
  families.every((family) =>
    everyTable.every((table) => {
      const { chains, builtins } = tables[family][table];
      return chains.size === 0 && ![...builtins.values()].some((entries) => entries.some(isOwn));
    }),
  );

export const isEmpty = (plan: RulesPlan) => plan.differences.length === 0;

const equal = <T>(a: readonly T[], b: readonly T[]) => a.length === b.length && a.every((item, i) => item === b[i]);
const sameMembers = (set: IpSet, observed: ReadonlySet<string>) =>
  set.members.length === observed.size && set.members.every((member) => observed.has(member));

export function planRules(
  names: NodeNames,
  wanted: Readonly<Record<Family, RenderedRules>>,
  observed: ObservedRules,
): RulesPlan {
  const order = families.every((family) => everyTable.every((table) => isNothing(wanted[family].tables[table])))
    ? everyTable.toReversed()
    : everyTable;
  const planned = (family: Family) =>
    order.map((table) => planTable(family, table, wanted[family].tables[table], observed.tables[family][table]));
  const tables = { ipv4: planned('ipv4'), ipv6: planned('ipv6') };
  const sets = families.flatMap((family) => wanted[family].sets);
  const missing = sets.filter((set) => !observed.sets.has(set.name));
  const changed = sets.filter((set) => {
    const members = observed.sets.get(set.name);
    return members !== undefined && set.forgetSeconds === null && !sameMembers(set, members);
  });
  const keep = new Set(sets.map((set) => set.name));
  const building = new Set(changed.map((set) => names.nextSet(set.name)));
  const holders = heldSets(observed);
  const surplus = [...observed.sets.keys()]
    .filter((name) => !keep.has(name) && !isSpent(holders, name, observed.sets.get(name)?.size))
    .sort();
  const restore = { ipv4: joined(tables.ipv4), ipv6: joined(tables.ipv6) };
  const isUsed = (family: Family, name: string) =>
    everyTable.some((table) => observed.tables[family][table].uses.has(name));
  const inForce = changed.filter((set) => isUsed(set.family, set.name));
  return {
    together: inForce.filter(
      (set) =>
        (restore[set.family] !== null || inForce.filter(({ family }) => family === set.family).length > 1) &&
        !isUsed(set.family, names.isAlias(set.name) ? names.withoutAlias(set.name) : names.aliasOf(set.name)),
    ),
    prepare: [...missing.flatMap(newLines), ...changed.flatMap((set) => buildLines(set, names.nextSet(set.name)))],
    swap: changed.flatMap((set) => {
      const next = names.nextSet(set.name);
      return [`swap ${next} ${set.name}`, `destroy ${next}`];
    }),
    restore,
    onlyLeftOver:
      missing.length + changed.length === 0 && [...tables.ipv4, ...tables.ipv6].every((table) => table.onlyLeftOver),
    retire: surplus
      .filter((name) => !building.has(name))
      .map((name) => (holders.has(name) ? `flush ${name}` : `destroy ${name}`)),
    held: [
      ...[...tables.ipv4, ...tables.ipv6].flatMap((table) => table.held),
      ...[...holders]
        .filter(([name]) => observed.sets.has(name) && !keep.has(name))
        .map(([name, by]) => `set ${name}, which a rule in ${by} names`),
    ],
    differences: [
      ...missing.map((set) => `set ${set.name} missing`),
      ...changed.map((set) => `set ${set.name} differs`),
      ...surplus.map((name) => `set ${name} is left over`),
      ...[...tables.ipv4, ...tables.ipv6].flatMap((table) => table.differences),
    ],
  };
}

/** By who holds each, whatever the table. */
const heldSets = ({ tables }: ObservedRules): ReadonlyMap<string, string> =>
  new Map(families.flatMap((family) => everyTable.flatMap((table) => [...tables[family][table].held.sets])));
/** Nothing more can be done to it. */
const isSpent = (holders: ReadonlyMap<string, string>, name: string, size: number | undefined) =>
  size === 0 && holders.has(name);

interface TablePlan {
  readonly text: string | null;
  readonly differences: readonly string[];
  readonly held: readonly string[];
  readonly onlyLeftOver: boolean;
}

const isNothing = (part: TablePart) => part.chains.length === 0 && part.anchors.length === 0;
const joined = (plans: readonly TablePlan[]): string | null => plans.map((plan) => plan.text ?? '').join('') || null;

function planTable(family: Family, table: Table, wanted: TablePart, observed: ObservedTable): TablePlan {
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
  const unwanted = [...observed.chains.keys()].filter((name) => !keep.has(name)).sort();
  const holders = observed.held.chains;
  const surplus = unwanted.filter((name) => !isSpent(holders, name, observed.chains.get(name)?.length));
  const builtins = builtinsOf[table]
    .map((builtin) => ({
      builtin,
      wanted: wanted.anchors.filter((anchor) => anchor.builtin === builtin),
      observed: observed.builtins.get(builtin) ?? [],
    }))
    .filter((entry) => !inPlace(entry.wanted, entry.observed));
  const place = `${family} ${table}`;
  const differences = [
    ...changed.map(
      (chain) => `${place} chain ${chain.name} ${observed.chains.has(chain.name) ? 'differs' : 'missing'}`,
    ),
    ...surplus.map((name) => `${place} chain ${name} is left over`),
    ...builtins.map(({ builtin }) => `${place} ${builtin} doesn't lead into Atoll's chains as it should`),
  ];
  const onlyLeftOver = changed.length + builtins.length === 0;
  const held = unwanted.flatMap((name) => {
    const by = holders.get(name);
    return by === undefined ? [] : [`${place} chain ${name}, which a rule in ${by} leads to`];
  });
  if (differences.length === 0) return { text: null, differences, held, onlyLeftOver };
  const lines = [
    `*${table}`,
    // Declaring a chain empties it; all are there before any rule names one.
    ...changed.map((chain) => `:${chain.name} - [0:0]`),
    ...surplus.map((name) => `:${name} - [0:0]`),
    ...changed.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule.text}`)),
    ...builtins.flatMap((entry) => anchorLines(entry.builtin, entry.wanted, entry.observed)),
    ...surplus.filter((name) => !holders.has(name)).map((name) => `-X ${name}`),
    'COMMIT',
  ];
  return { text: `${lines.join('\n')}\n`, differences, held, onlyLeftOver };
}

/** First in its chain; `behind` comes after the last of these, whoever's it is. */
const leads = (entry: ObservedAnchor) => entry.kind === 'atoll' && entry.place === 'first';
const follows = (entry: ObservedAnchor) => entry.kind === 'atoll' && entry.place === 'behind';
const isOwn = (entry: ObservedAnchor) => entry.kind === 'atoll' && entry.own;

function inPlace(wanted: readonly Anchor[], observed: readonly ObservedAnchor[]): boolean {
  const own = observed.flatMap((entry, index) => (entry.kind === 'atoll' && entry.own ? [{ entry, index }] : []));
  const lastLead = observed.findLastIndex(leads);
  const inOrder = [...wanted.filter(isFirst), ...wanted.filter((anchor) => !isFirst(anchor))];
  return (
    own.length === inOrder.length &&
    own.every(({ entry, index }, at) => {
      const anchor = inOrder[at];
      if (anchor === undefined || anchor.rule.hash !== entry.hash) return false;
      return isFirst(anchor)
        ? observed.slice(0, index).every(leads)
        : index > lastLead && observed.slice(lastLead + 1, index).every(follows);
    })
  );
}

const isFirst = (anchor: Anchor) => anchor.place === 'first';

function anchorLines(builtin: string, wanted: readonly Anchor[], observed: readonly ObservedAnchor[]): string[] {
  const rest = observed.filter((entry) => !isOwn(entry));
  const first = wanted.filter(isFirst);
  const behind = rest.findLastIndex(leads) + first.length + 2;
  return [
    ...observed.flatMap((entry) => (entry.kind === 'atoll' && entry.own ? [`-D ${builtin} ${entry.text}`] : [])),
    ...first.map((anchor, index) => `-I ${builtin} ${index + 1} ${anchor.rule.text}`),
    ...wanted
      .filter((anchor) => !isFirst(anchor))
      .map((anchor, index) => `-I ${builtin} ${behind + index} ${anchor.rule.text}`),
  ];
}

/** Everything of this node's, gone: the same plan with nothing wanted. */
export function planRemoval(names: NodeNames, observed: ObservedRules): RulesPlan {
  const nothing = (family: Family): RenderedRules => ({
    family,
    sets: [],
    tables: { filter: emptyTable, raw: emptyTable, mangle: emptyTable, nat: emptyTable },
  });
  return planRules(names, { ipv4: nothing('ipv4'), ipv6: nothing('ipv6') }, observed);
}
