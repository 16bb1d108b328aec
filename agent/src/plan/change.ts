/**
 * What is in the kernel × what is wanted → only what differs. Pure. For a process that knows what is there, because it has seen
 * it and changed nothing but what it knows; everything else is `rules.ts`, which looks first.
 *
 * What is no longer wanted stays where it is, and nothing leads to it: the next look takes it away, counters read.
 */
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
  const moved = planMembers(names, state, wanted, changed, inUse);
  if (mayRename) {
    const touched = new Set(
      written.flat().flatMap(({ changed: some, leaving }) => [...some, ...leaving].flatMap(setsOf)),
    );
    const sets = families.flatMap((family) => {
      const all = changed.filter((set) => set.family === family && set.role !== 'owns' && inUse.has(set.name));
      const deciding = all.filter((set) => typeof set.role === 'string');
      // Who changes his chain must do so together with what the old one and the new one decide by.
      if (deciding.length > 0 && moved.movers.has(family)) return all;
      return deciding.filter((set) => touched.has(set.name));
    });
    if (sets.length > 0) return { sets };
  }
  const text = (at: number) =>
    tables.map((table, index) => restoreText(table, written[at]?.[index]?.changed ?? [])).join('') || null;
  return {
    before: moved.before,
    after: moved.after,
    restore: { ipv4: text(0), ipv6: text(1) },
    size: changed.length + written.flat().reduce((sum, one) => sum + one.changed.length, 0),
    state: merged(state, wanted),
  };
}

const anchorKey = (anchor: Anchor) => `${anchor.builtin} ${anchor.rule.hash}`;
const sameAnchors = (a: RenderedRules, b: RenderedRules) =>
  tables.every((table) => sameItems(a.tables[table].anchors.map(anchorKey), b.tables[table].anchors.map(anchorKey)));

const setName = /--match-set (\S+)/g;
const setsOf = (chain: Chain): string[] =>
  chain.rules.flatMap((rule) => [...rule.text.matchAll(setName)].map((found) => found[1] ?? ''));

/** Chains to be written, and those that are wanted no more. */
function writtenChains(state: KernelState, wanted: Rendered, family: Family, table: Table) {
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

/**
 * Members come before rules that need them, and go after those that needed them: in between, who is about to move from one
 * chain to another is in both, and passes either the old or the new. Who has a chain for the first time gets it last, and who
 * has none any more loses it first: for them there is nothing in between. What denies gets its members first and loses them last.
 */
function planMembers(
  names: NodeNames,
  state: KernelState,
  wanted: Rendered,
  changed: readonly IpSet[],
  inUse: ReadonlySet<string>,
) {
  const before: Step[] = [];
  const after: Step[] = [];
  const movers = new Set<Family>();
  const had = treeMembers(state.wanted);
  const has = treeMembers(wanted);
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
    const add = (members: readonly string[]) => members.map((member) => `add ${name} ${member}`);
    const del = (members: readonly string[]) => members.map((member) => `del ${name} ${member}`);
    if (!inUse.has(name)) before.push({ order: 0, lines: fits ? [...add(added), ...del(removed)] : rebuilt });
    else if (!fits || (typeof role === 'string' && !few)) {
      (added.length > 0 ? before : after).push({ order: role === 'closes' ? 3 : 4, lines: rebuilt });
    } else if (role === 'owns') {
      before.push({ order: 1, lines: del(removed) });
      after.push({ order: 4000, lines: add(added) });
    } else if (typeof role === 'string') {
      before.push({ order: role === 'closes' ? 3 : 4, lines: add(added) });
      after.push({ order: role === 'closes' ? 2001 : 2000, lines: del(removed) });
    } else {
      const stays = (member: string) => has(set, role.tree, member);
      const isNew = (member: string) => !had(set, role.tree, member);
      const moving = removed.filter(stays);
      if (moving.length > 0) movers.add(set.family);
      before.push({ order: 2, lines: del(removed.filter((member) => !stays(member))) });
      before.push({ order: 1000 - role.leads, lines: add(added.filter((member) => !isNew(member))) });
      after.push({ order: role.leads, lines: del(moving) });
      after.push({ order: 3000 - role.leads, lines: add(added.filter(isNew)) });
    }
  }
  const inOrder = (steps: readonly Step[]) => steps.toSorted((a, b) => a.order - b.order).flatMap((step) => step.lines);
  return { before: inOrder(before), after: inOrder(after), movers };
}

interface Step {
  readonly order: number;
  readonly lines: readonly string[];
}

/** Whether anything of a tree leads a member anywhere; looked up only where it is asked. */
function treeMembers(of: Rendered): (set: IpSet, tree: string, member: string) => boolean {
  const known = new Map<string, ReadonlySet<string>>();
  return (set, tree, member) => {
    const key = `${set.family} ${tree}`;
    const members =
      known.get(key) ??
      new Set(
        of[set.family].sets.flatMap(({ role, members: all }) =>
          typeof role === 'object' && role.tree === tree && role.leads === 0 ? all : [],
        ),
      );
    known.set(key, members);
    return members.has(member);
  };
}

/** Of two sorted lists. */
export function difference(before: readonly string[], after: readonly string[]) {
  const [added, removed]: [string[], string[]] = [[], []];
  let [at, from] = [0, 0];
  while (at < after.length || from < before.length) {
    const [next, last] = [after[at], before[from]];
    if (next === last) {
      at++;
      from++;
    } else if (last === undefined || (next !== undefined && next < last)) {
      added.push(next ?? '');
      at++;
    } else {
      removed.push(last);
      from++;
    }
  }
  return { added, removed };
}

function merged(state: KernelState, wanted: Rendered): KernelState {
  const next = stateOf(wanted);
  const chains = (family: Family) => {
    const of = (table: Table) => new Map([...state.chains[family][table], ...next.chains[family][table]]);
    return { filter: of('filter'), raw: of('raw'), mangle: of('mangle'), nat: of('nat') };
  };
  return {
    wanted,
    sets: new Map([...state.sets, ...next.sets]),
    chains: { ipv4: chains('ipv4'), ipv6: chains('ipv6') },
  };
}
