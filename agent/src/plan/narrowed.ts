/** Which endpoints may do less by `next` than by `previous`: only their connections need a look. Pure. */
import type { AllowRule, RuleEndpoint, RuleSet } from '@atoll/schema/node/network';
import { families } from '../render/family.ts';

/** All addresses of an endpoint, of which some connections may be forbidden by now. */
export function narrowed(previous: RuleSet, next: RuleSet): readonly RuleEndpoint[] {
  const nextEndpoints = new Map(next.endpoints.map((endpoint) => [endpoint.instanceId, endpoint]));
  const nextSets = new Map(next.sets.map((set) => [set.name, set]));
  const lostMembers = new Set(
    previous.sets.flatMap((set) => {
      const after = nextSets.get(set.name);
      const lost = families.some((family) => {
        const members = new Set(after?.[family]);
        return set[family].some((member) => !members.has(member));
      });
      return lost ? [set.name] : [];
    }),
  );
  const rulesBefore = new Map(previous.chains.map((chain) => [chain.name, chain.rules]));
  const rulesAfter = new Map(next.chains.map((chain) => [chain.name, chain.rules]));

  const lostRules = (before: string | null, after: string | null): boolean => {
    if (before === null) return false;
    const had = rulesBefore.get(before) ?? [];
    if (had.some((rule) => lostMembers.has(rule.set))) return true;
    if (before === after) return false;
    const has = new Set((rulesAfter.get(after ?? '') ?? []).map(ruleKey));
    return had.some((rule) => !has.has(ruleKey(rule)));
  };

  return previous.endpoints.filter((before) => {
    const after = nextEndpoints.get(before.instanceId);
    if (after === undefined || families.some((family) => after[family] !== before[family])) return true;
    return lostRules(before.ingress, after.ingress) || lostRules(before.egress, after.egress);
  });
}

const ruleKey = (rule: AllowRule) => `${rule.protocol} ${rule.ports.from} ${rule.ports.to} ${rule.set}`;
