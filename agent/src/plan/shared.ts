/** What of a new document is as it was before is the same object again, so that whoever has seen it needn't look at it. Pure. */
import type { AddressSet, DesiredNetwork, PolicyRule, RuleChain, RuleEndpoint } from '@atoll/schema/node/network';
import { sameItems } from '../render/set.ts';

/** Equal to `next`. */
export function shareNetwork(previous: DesiredNetwork | null, next: DesiredNetwork): DesiredNetwork {
  if (previous === null) return next;
  const [before, after] = [previous.rules, next.rules];
  const rules = {
    ...after,
    endpoints: shared(before.endpoints, after.endpoints, (endpoint) => endpoint.instanceId, sameEndpoint),
    chains: shared(before.chains, after.chains, (chain) => chain.name, sameRules),
    sets: shared(before.sets, after.sets, (set) => set.name, sameSet),
  };
  return { ...next, rules };
}

function shared<T>(
  before: readonly T[],
  after: readonly T[],
  key: (item: T) => string,
  same: (a: T, b: T) => boolean,
): T[] {
  const known = new Map(before.map((item) => [key(item), item]));
  return after.map((item) => {
    const last = known.get(key(item));
    return last !== undefined && (last === item || same(last, item)) ? last : item;
  });
}

const sameSet = (a: AddressSet, b: AddressSet) =>
  a.kind === b.kind && sameItems(a.ipv4, b.ipv4) && sameItems(a.ipv6, b.ipv6);

const sameEndpoint = (a: RuleEndpoint, b: RuleEndpoint) =>
  a.ipv4 === b.ipv4 && a.ipv6 === b.ipv6 && a.ingress === b.ingress && a.egress === b.egress;
const sameRules = (a: RuleChain, b: RuleChain) =>
  a.direction === b.direction &&
  a.rules.length === b.rules.length &&
  a.rules.every((rule, at) => {
    const other = b.rules[at];
    return other !== undefined && sameRule(rule, other);
  });
const sameRule = (a: PolicyRule, b: PolicyRule) =>
  a.policyId === b.policyId &&
  a.set === b.set &&
  a.action === b.action &&
  a.protocol === b.protocol &&
  a.ports?.from === b.ports?.from &&
  a.ports?.to === b.ports?.to &&
  a.icmp === b.icmp &&
  a.log === b.log;
