/**
 * Who reaches whom in a namespace. Instances with the same rules, that are members of the same sets, are one group: about them the
 * rules can't say different things. So there are as many cells as there are differences, however many instances there are. Pure.
 */
import type { AskedTraffic, EndVerdict, ReachabilityCell, ReachabilityMap } from '@atoll/schema/network/reachability';
import { canonicalAddress, type Direction, type Family, families } from '@atoll/schema/node/decide';
import type { Labels } from '@atoll/schema/text';
import { type End, shownFamily, throughRules } from './explain.ts';
import { shownRule } from './verdict.ts';

export interface MappedEnd extends End {
  readonly labels: Labels;
}

/** Groups that are shown at once as sources, and as destinations; the largest first. */
export const maxGroups = 40;
const shownInstances = 20;

type Group = readonly [MappedEnd, ...MappedEnd[]];

/** Names of the sets that the rules of these ends name, each with a reader that has it. */
function setsNamed(ends: readonly MappedEnd[]) {
  const named = new Map<string, MappedEnd['node']['reader']>();
  const seen = new Set<string>();
  const chainsOf = new Map(
    [...new Set(ends.map(({ node }) => node))].map(
      (node) => [node, new Map(node.rules.chains.map((chain) => [chain.name, chain]))] as const,
    ),
  );
  for (const { node, instanceId } of ends) {
    const guarded = node.reader.endpointOf(instanceId);
    for (const direction of ['ingress', 'egress'] as const) {
      const name = guarded?.[direction] ?? null;
      if (name === null || seen.has(name)) continue;
      seen.add(name);
      for (const rule of chainsOf.get(node)?.get(name)?.rules ?? []) {
        if (!named.has(rule.set)) named.set(rule.set, node.reader);
      }
    }
  }
  return [...named];
}

/** What each end is in, as text: the same for those that are in the same sets. Costs what is smaller, the set or the ends. */
function membershipsOf(ends: readonly MappedEnd[]): ReadonlyMap<MappedEnd, readonly string[]> {
  const memberships = new Map(ends.map((end) => [end, [] as string[]]));
  const ofFamily = (family: Family) => new Map(ends.map((end) => [canonicalAddress(end[family]), end]));
  const byAddress = { ipv4: ofFamily('ipv4'), ipv6: ofFamily('ipv6') };
  for (const [index, [set, reader]] of setsNamed(ends).entries()) {
    for (const family of families) {
      const [members, known] = [reader.members(set, family), byAddress[family]];
      const [fewer, more] = members.size < known.size ? [members, known] : [known, members];
      for (const address of fewer.keys()) {
        const end = more.has(address) ? known.get(address) : undefined;
        if (end !== undefined) memberships.get(end)?.push(`${index}${family}`);
      }
    }
  }
  return memberships;
}

export function groupsOf(ends: readonly MappedEnd[]): Group[] {
  const memberships = membershipsOf(ends);
  const likeness = (end: MappedEnd): string => {
    const guarded = end.node.reader.endpointOf(end.instanceId);
    return JSON.stringify([end.namespaceId, guarded?.ingress ?? null, guarded?.egress ?? null, memberships.get(end)]);
  };
  return [...Map.groupBy(ends, likeness).values()]
    .flatMap(([first, ...rest]): Group[] => (first ? [[first, ...rest]] : []))
    .sort((a, b) => b.length - a.length || (a[0].instanceId < b[0].instanceId ? -1 : 1));
}

function commonLabels([first, ...rest]: Group): Labels {
  return Object.fromEntries(
    Object.entries(first.labels).filter(([key, value]) => rest.every(({ labels }) => labels[key] === value)),
  );
}

type CellOfFamily = Omit<ReachabilityCell, 'family'>;

/** One cell for both families where they agree. */
function cells(of: (family: Family) => CellOfFamily): ReachabilityCell[] {
  const [four, six] = [of('ipv4'), of('ipv6')];
  if (JSON.stringify(four) === JSON.stringify(six)) return [{ ...four, family: null }];
  return families.map((family) => ({ ...(family === 'ipv4' ? four : six), family: shownFamily[family] }));
}

const none: EndVerdict = { allowed: false, rule: null };

function outsideCell(end: MappedEnd, direction: Direction, family: Family, traffic: AskedTraffic) {
  const guarded = end.node.reader.endpointOf(end.instanceId);
  const rules = guarded ? end.node.reader.outside(direction, guarded, { ...traffic, family }) : [];
  const shown = rules.map(({ rule, index }) => shownRule(rule, index, end.node.revisions));
  const actions = new Set(rules.map(({ rule }) => rule.action));
  // What no rule is about is denied.
  if (rules.at(-1)?.everywhere !== true) actions.add('DENY');
  const state = actions.size > 1 ? 'PARTLY' : actions.has('ALLOW') ? 'ALLOWED' : 'DENIED';
  const [only] = shown;
  const verdict =
    shown.length > 1 || state === 'PARTLY' ? null : only ? { allowed: state === 'ALLOWED', rule: only } : none;
  return { state, verdict, outside: shown } as const;
}

/** Places of the first group of a page, as sources and as destinations. */
export interface MatrixPage {
  readonly from: number;
  readonly to: number;
}
type Placed = readonly [place: number, group: Group];

export function reachabilityMatrix(
  ends: readonly MappedEnd[],
  traffic: AskedTraffic,
  page: MatrixPage = { from: 0, to: 0 },
): Pick<ReachabilityMap, 'groups' | 'groupCount' | 'cells' | 'omitted'> {
  const all = groupsOf(ends).map((group, place): Placed => [place, group]);
  const sources = all.slice(page.from, page.from + maxGroups);
  const destinations = all.slice(page.to, page.to + maxGroups);
  const between = sources.flatMap(([from, a]) =>
    destinations.flatMap(([to, b]): ReachabilityCell[] => {
      // Of a group of one there is nobody else to reach.
      const target = a === b ? b[1] : b[0];
      if (target === undefined) return [];
      return cells((family) => {
        const { allowed, egress, ingress } = throughRules(a[0], target, family, traffic);
        return { from, to, state: allowed ? 'ALLOWED' : 'DENIED', egress, ingress, outside: [] };
      });
    }),
  );
  // What is outside is told of on the first page of the other side, so that pages make up the whole without a cell twice.
  const leaving = (page.to === 0 ? sources : []).flatMap(([place, [end]]) =>
    cells((family) => {
      const { state, verdict, outside } = outsideCell(end, 'egress', family, traffic);
      return { from: place, to: null, state, egress: verdict, ingress: null, outside: [...outside] };
    }),
  );
  const coming = (page.from === 0 ? destinations : []).flatMap(([place, [end]]) =>
    cells((family) => {
      const { state, verdict, outside } = outsideCell(end, 'ingress', family, traffic);
      return { from: null, to: place, state, egress: null, ingress: verdict, outside: [...outside] };
    }),
  );
  const onPage = new Map([...sources, ...destinations]);
  const shown = all.filter(([place]) => onPage.has(place));
  const count = (placed: readonly Placed[]) => placed.reduce((sum, [, group]) => sum + group.length, 0);
  return {
    groups: shown.map(([index, group]) => ({
      ...{ index, namespaceId: group[0].namespaceId, count: group.length, labels: commonLabels(group) },
      instanceIds: group.slice(0, shownInstances).map(({ instanceId }) => instanceId),
    })),
    groupCount: all.length,
    cells: [...between, ...leaving, ...coming],
    omitted: count(all) - count(shown),
  };
}
