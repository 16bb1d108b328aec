/** Which endpoints may do less by `next` than by `previous`: only their connections need a look. Pure. */
import type { AddressSet, PolicyRule, RuleEndpoint, RuleSet } from '@atoll/schema/node/network';
import { families } from '../render/family.ts';
import { sameItems } from '../render/set.ts';

/** All addresses of an endpoint, of which some connections may be forbidden by now. */
export function narrowed(previous: RuleSet, next: RuleSet): readonly RuleEndpoint[] {
  const nextEndpoints = new Map(next.endpoints.map((endpoint) => [endpoint.instanceId, endpoint]));
  const nextSets = new Map(next.sets.map((set) => [set.name, set]));
  const previousSets = new Map(previous.sets.map((set) => [set.name, set]));
  const lostMembers = shrunk(previousSets, nextSets);
  const gainedMembers = shrunk(nextSets, previousSets);
  const rulesBefore = new Map(previous.chains.map((chain) => [chain.name, chain.rules]));
  const rulesAfter = new Map(next.chains.map((chain) => [chain.name, chain.rules]));

  const lostRules = (before: string | null, after: string | null): boolean => {
    if (before === null) return false;
    const had = rulesBefore.get(before) ?? [];
    const moved = (rule: PolicyRule) => (rule.action === 'ALLOW' ? lostMembers : gainedMembers).has(rule.set);
    if (had.some(moved)) return true;
    if (before === after) return false;
    const now = rulesAfter.get(after ?? '') ?? [];
    // Where anything is denied, the order counts as well.
    if ([...had, ...now].some((rule) => rule.action === 'DENY')) return true;
    const has = new Set(now.map(ruleKey));
    return had.some((rule) => !has.has(ruleKey(rule)));
  };

  const answers = new Map<string, boolean>();
  const lost = (before: string | null, after: string | null): boolean => {
    const key = `${before} ${after}`;
    const answer = answers.get(key) ?? lostRules(before, after);
    answers.set(key, answer);
    return answer;
  };

  return previous.endpoints.filter((before) => {
    const after = nextEndpoints.get(before.instanceId);
    if (after === undefined || families.some((family) => after[family] !== before[family])) return true;
    return lost(before.ingress, after.ingress) || lost(before.egress, after.egress);
  });
}

const ruleKey = ({ protocol, ports, icmp, set }: PolicyRule) =>
  `${protocol} ${ports?.from} ${ports?.to} ${icmp} ${set}`;

type SetsByName = ReadonlyMap<string, AddressSet>;

/** Names of the sets that have members which they don't have any more in `after`. */
function shrunk(before: SetsByName, after: SetsByName): ReadonlySet<string> {
  const names = [...before.values()].flatMap((set) => {
    const now = after.get(set.name);
    const lost = families.some((family) => {
      if (now !== undefined && sameItems(now[family], set[family])) return false;
      const members = new Set(now?.[family]);
      return set[family].some((member) => !members.has(member));
    });
    return lost ? [set.name] : [];
  });
  return new Set(names);
}
