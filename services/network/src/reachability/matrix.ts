/**
 * Who reaches whom in a namespace. Instances with the same rules, that are members of the same sets, are one group: about them the
 * rules can't say different things. So there are as many cells as there are differences, however many instances there are. Pure.
 */
import type { AskedTraffic, EndVerdict, ReachabilityCell, ReachabilityMap } from '@atoll/schema/network/reachability';
import { type Direction, type Family, families } from '@atoll/schema/node/decide';
import type { Labels } from '@atoll/schema/text';
import { type End, shownFamily, throughRules } from './explain.ts';
import { shownRule } from './verdict.ts';

export interface MappedEnd extends End {
  readonly labels: Labels;
}

/** Groups that are shown; the largest. */
export const maxGroups = 40;
const shownInstances = 20;

type Group = readonly [MappedEnd, ...MappedEnd[]];

/** Names of the sets that the rules of these ends name, each with a reader that has it. */
function setsNamed(ends: readonly MappedEnd[]) {
  const named = new Map<string, MappedEnd['node']['reader']>();
  const seen = new Set<string>();
  for (const { node, instanceId } of ends) {
    const guarded = node.reader.endpointOf(instanceId);
    for (const direction of ['ingress', 'egress'] as const) {
      const name = guarded?.[direction] ?? null;
      if (name === null || seen.has(name)) continue;
      seen.add(name);
      for (const rule of node.rules.chains.find((chain) => chain.name === name)?.rules ?? []) {
        if (!named.has(rule.set)) named.set(rule.set, node.reader);
      }
    }
  }
  return [...named];
}

export function groupsOf(ends: readonly MappedEnd[]): Group[] {
  const sets = setsNamed(ends);
  const likeness = ({ node, instanceId, ipv4, ipv6 }: MappedEnd): string => {
    const guarded = node.reader.endpointOf(instanceId);
    const memberOf = sets.flatMap(([set, reader]) =>
      [reader.isMember(set, 'ipv4', ipv4) ? set : '', reader.isMember(set, 'ipv6', ipv6) ? `${set}/6` : ''].filter(
        Boolean,
      ),
    );
    return JSON.stringify([guarded?.ingress ?? null, guarded?.egress ?? null, memberOf]);
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

export function reachabilityMatrix(
  ends: readonly MappedEnd[],
  traffic: AskedTraffic,
): Pick<ReachabilityMap, 'groups' | 'cells' | 'omitted'> {
  const all = groupsOf(ends);
  const groups = all.slice(0, maxGroups);
  const between = groups.flatMap((a, from) =>
    groups.flatMap((b, to): ReachabilityCell[] => {
      // Of a group of one there is nobody else to reach.
      const target = a === b ? b[1] : b[0];
      if (target === undefined) return [];
      return cells((family) => {
        const { allowed, egress, ingress } = throughRules(a[0], target, family, traffic);
        return { from, to, state: allowed ? 'ALLOWED' : 'DENIED', egress, ingress, outside: [] };
      });
    }),
  );
  const beyond = groups.flatMap(([end], place) => [
    ...cells((family) => {
      const { state, verdict, outside } = outsideCell(end, 'egress', family, traffic);
      return { from: place, to: null, state, egress: verdict, ingress: null, outside: [...outside] };
    }),
    ...cells((family) => {
      const { state, verdict, outside } = outsideCell(end, 'ingress', family, traffic);
      return { from: null, to: place, state, egress: null, ingress: verdict, outside: [...outside] };
    }),
  ]);
  return {
    groups: groups.map((group) => ({
      count: group.length,
      instanceIds: group.slice(0, shownInstances).map(({ instanceId }) => instanceId),
      labels: commonLabels(group),
    })),
    cells: [...between, ...beyond],
    omitted: all.slice(maxGroups).reduce((sum, group) => sum + group.length, 0),
  };
}
