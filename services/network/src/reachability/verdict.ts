/** A verdict of the rules, as it is told: which rule of which policy, and its place. Pure. */
import type { DecidingRule, EndVerdict } from '@atoll/schema/network/reachability';
import type { Verdict } from '@atoll/schema/node/decide';
import type { PolicyRule } from '@atoll/schema/node/network';

const tierOf = (policyId: string): DecidingRule['tier'] => {
  if (policyId.startsWith('ppol_')) return 'PLATFORM';
  return policyId.startsWith('pol_') ? 'TENANT' : 'ISOLATION_LEVEL';
};

export function shownRule(rule: PolicyRule, index: number, revisions: ReadonlyMap<string, number>): DecidingRule {
  const { policyId, action, protocol, ports, icmp, log } = rule;
  return {
    ...{ tier: tierOf(policyId), policyId, revision: revisions.get(policyId) ?? null },
    ...{ action, protocol, ports, icmp, log, place: index + 1 },
  };
}

export function shownVerdict(verdict: Verdict, revisions: ReadonlyMap<string, number>): EndVerdict {
  if (verdict.kind !== 'rule') return { allowed: false, rule: null };
  return { allowed: verdict.allowed, rule: shownRule(verdict.rule, verdict.index, revisions) };
}
