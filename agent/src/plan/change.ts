/**
 * What is in the kernel × what is wanted → only what differs. Pure. For a process that knows what is there, because it has seen
 * it and changed nothing but what it knows; everything else is `rules.ts`, which looks first.
 *
 * What is no longer wanted stays where it is, and nothing leads to it: the next look takes it away, counters read.
 */
import { difference } from '@atoll/schema/node/rules-changes';
import { type Chain, sameChain } from '../render/chain.ts';
import { type Family, families } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import { buildLines, type IpSet, roomFor, sameItems } from '../render/set.ts';
import { type Anchor, type RenderedRules, type Table, tables } from '../render/tables.ts';

type Rendered = Readonly<Record<Family, RenderedRules>>;

/** What is in the kernel of ours. */
export interface KernelState {
  /** What was wanted last, which is all in force. */
  readonly wanted: Rendered;
  /** The same by name, with what was left over on the way. */
  readonly sets: ReadonlyMap<string, IpSet>;
  readonly chains: Readonly<Record<Family, Readonly<Record<Table, ReadonlyMap<string, Chain>>>>>;
}

const named = <T extends { readonly name: string }>(items: readonly T[]) =>
  new Map(items.map((item) => [item.name, item]));

export function stateOf(wanted: Rendered): KernelState {
  const chains = (family: Family) => {
    const of = (table: Table) => named(wanted[family].tables[table].chains);
    return { filter: of('filter'), raw: of('raw'), mangle: of('mangle'), nat: of('nat') };
  };
  return {
    wanted,
    sets: named(families.flatMap((family) => wanted[family].sets)),
    chains: { ipv4: chains('ipv4'), ipv6: chains('ipv6') },
  };
}

export interface ChangePlan {
  /** `ipset restore`, before the rules: what is new, and new members. */
  readonly before: readonly string[];
  readonly restore: Readonly<Record<Family, string | null>>;
  /** `ipset restore`, after them: members that are gone. */
  readonly after: readonly string[];
  readonly state: KernelState;
  /** How many chains are written and sets changed. */
  readonly size: number;
}

/** Sets that must change their name: their members change, and so do rules that name them, and both must be at once. */
export interface Conflict {
  readonly sets: readonly IpSet[];
}

/** Null where it can't be told without looking. */
export function planChange(
  names: NodeNames,
  state: KernelState,
  wanted: Rendered,
  mayRename: boolean,
): ChangePlan | Conflict | null {
  if (!families.every((family) => sameAnchors(state.wanted[family], wanted[family]))) return null;
  const written = families.map((family) => tables.map((table) => writtenChains(state, wanted, family, table)));
  const changed = families
    .flatMap((family) => wanted[family].sets)
    .filter((set) => {
      const there = state.sets.get(set.name);
      return there !== set && !(there?.type === set.type && sameItems(there.members, set.members));
    });
  const inUse = new Set(families.flatMap((family) => state.wanted[family].sets.map((set) => set.name)));
  if (mayRename) {
    const touched = new Set(
      written.flat().flatMap(({ changed: some, leaving }) => [...some, ...leaving].flatMap(setsOf)),
    );
    const sets = families.flatMap((family, at) => {
      const all = changed.filter((set) => set.family === family && set.role !== 'owns' && inUse.has(set.name));
      // Who changes his chain must do so together with what the old one and the new one decide by.
      const stays = staying(state.wanted[family], wanted[family]);
      return all.length > 0 && hasMovers(written[at] ?? [], stays) ? all : all.filter((set) => touched.has(set.name));
    });
    if (sets.length > 0) return { sets };
  }
  const moved = planMembers(names, state, changed, inUse);
  const text = (at: number) =>
    tables.map((table, index) => restoreText(table, written[at]?.[index]?.changed ?? [])).join('') || null;
  return {
    before: moved.before,
    after: moved.after,
    restore: { ipv4: text(0), ipv6: text(1) },
    size: changed.length + written.flat().reduce((sum, one) => sum + one.changed.length, 0),
    state: merged(state, wanted, written),
  };
}

const anchorKey = (anchor: Anchor) => `${anchor.builtin} ${anchor.rule.hash}`;
const sameAnchors = (a: RenderedRules, b: RenderedRules) =>
  tables.every((table) => sameItems(a.tables[table].anchors.map(anchorKey), b.tables[table].anchors.map(anchorKey)));

const setName = /--match-set (\S+)/g;
const setsOf = (chain: Chain): string[] =>
  chain.rules.flatMap((rule) => [...rule.text.matchAll(setName)].map((found) => found[1] ?? ''));

/** Chains to be written, and those that are wanted no more. */
function writtenChains(state: KernelState, wanted: Rendered, family: Family, table: Table): Written {
  const there = state.chains[family][table];
  const next = wanted[family].tables[table].chains;
  const before = state.wanted[family].tables[table].chains;
  if (next === before) return { changed: [], leaving: [] };
  const changed = next.filter((chain) => {
    const known = there.get(chain.name);
    return known === undefined || !sameChain(known, chain);
  });
  const keep = new Set(next.map((chain) => chain.name));
  // Of one that is rewritten, what it was counts as well.
  const rewritten = changed.flatMap((chain) => there.get(chain.name) ?? []);
  return { changed, leaving: [...before.filter((chain) => !keep.has(chain.name)), ...rewritten] };
}

function restoreText(table: Table, changed: readonly Chain[]): string {
  if (changed.length === 0) return '';
  const lines = [
    `*${table}`,
    ...changed.map((chain) => `:${chain.name} - [0:0]`),
    ...changed.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule.text}`)),
    'COMMIT',
  ];
  return `${lines.join('\n')}\n`;
}

const addressRule = /^-[sd] (\S+) .*-g (\S+)$/;

/** Addresses that are endpoints of the node before and after. */
function staying(before: RenderedRules, after: RenderedRules): (address: string) => boolean {
  // Seldom asked.
  let both: readonly ReadonlySet<string>[] | undefined;
  const owned = ({ sets }: RenderedRules) =>
    new Set(
      sets.flatMap((set) => (set.role === 'owns' ? set.members.map((member) => member.split(',', 1)[0] ?? '') : [])),
    );
  return (address) => {
    both ??= [owned(before), owned(after)];
    return both.every((addresses) => addresses.has(address));
  };
}

/**
 * Whether an address leads to another chain than before, or, of an endpoint that stays, to one where there was none, or to none
 * any more: what it was denied there may be open elsewhere by then.
 */
function hasMovers(written: readonly Written[], stays: (address: string) => boolean): boolean {
  const targets = (chains: readonly Chain[]) =>
    new Map(
      chains.flatMap((chain) =>
        chain.rules.flatMap((rule): [string, { readonly address: string; readonly target: string }][] => {
          const [, address, target] = addressRule.exec(rule.text) ?? [];
          if (address === undefined || target === undefined || address.includes('/')) return [];
          return [[`${rule.text.slice(0, 3)}${address}`, { address, target }]];
        }),
      ),
    );
  const before = targets(written.flatMap(({ leaving }) => leaving));
  const after = targets(written.flatMap(({ changed }) => changed));
  return [...new Set([...before.keys(), ...after.keys()])].some((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was?.target === is?.target) return false;
    return (was !== undefined && is !== undefined) || stays((was ?? is)?.address ?? '');
  });
}

interface Written {
  readonly changed: readonly Chain[];
  readonly leaving: readonly Chain[];
}

/**
 * Endpoints that go lose everything first, and those that come get it last: for them there is nothing in between. Members of
 * what decides change before the rules do, which don't name these sets, or not differently; what denies gets its members first
 * and loses them last.
 */
function planMembers(names: NodeNames, state: KernelState, changed: readonly IpSet[], inUse: ReadonlySet<string>) {
  const before: Step[] = [];
  const after: Step[] = [];
  for (const set of changed) {
    const { name, role } = set;
    const there = state.sets.get(name);
    if (there === undefined) {
      before.push({ order: 0, lines: buildLines(set, name) });
      continue;
    }
    const { added, removed } = difference(there.members, set.members);
    const next = names.nextSet(name);
    const rebuilt = [...buildLines(set, next), `swap ${next} ${name}`, `destroy ${next}`];
    const fits = there.type === set.type && set.members.length + removed.length <= roomFor(there);
    const few = added.length + removed.length < set.members.length + 3;
    const add = added.map((member) => `add ${name} ${member}`);
    const del = removed.map((member) => `del ${name} ${member}`);
    if (!inUse.has(name)) before.push({ order: 0, lines: fits ? [...add, ...del] : rebuilt });
    else if (!fits || (role !== 'owns' && !few)) before.push({ order: role === 'closes' ? 3 : 4, lines: rebuilt });
    else if (role === 'owns') {
      before.push({ order: 1, lines: del });
      after.push({ order: 0, lines: add });
    } else {
      before.push({ order: role === 'closes' ? 3 : 4, lines: add });
      before.push({ order: role === 'closes' ? 6 : 5, lines: del });
    }
  }
  const inOrder = (steps: readonly Step[]) => steps.toSorted((a, b) => a.order - b.order).flatMap((step) => step.lines);
  return { before: inOrder(before), after: inOrder(after) };
}

interface Step {
  readonly order: number;
  readonly lines: readonly string[];
}

function merged(state: KernelState, wanted: Rendered, written: readonly (readonly Written[])[]): KernelState {
  const chains = (family: Family) => {
    const of = (table: Table) => {
      const changed = written[families.indexOf(family)]?.[tables.indexOf(table)]?.changed ?? [];
      if (changed.length === 0) return state.chains[family][table];
      const next = new Map(state.chains[family][table]);
      for (const chain of changed) next.set(chain.name, chain);
      return next;
    };
    return { filter: of('filter'), raw: of('raw'), mangle: of('mangle'), nat: of('nat') };
  };
  const sets = new Map(state.sets);
  for (const family of families) for (const set of wanted[family].sets) sets.set(set.name, set);
  return { wanted, sets, chains: { ipv4: chains('ipv4'), ipv6: chains('ipv6') } };
}
