/**
 * The rule compiler: endpoints and policies become the rule set of one node, with only what that node needs.
 *
 * - A policy becomes an ingress rule for each of its destinations on the node, with the set of its sources (wherever they
 *   run), and an egress rule for each of its sources on the node, with the set of its destinations. Where one side is
 *   empty there is nothing to allow, and no rule.
 * - Endpoints with equal rules share a chain, named by its content; sets are named by policy and side, so that members
 *   come and go without a change of rules.
 * - Pure and deterministic: equal intent gives equal bytes, in whatever order it is told.
 */
import { createHash } from 'node:crypto';
import type { Id } from '@atoll/schema/ids';
import {
  type AddressSet,
  emptyRuleSet,
  type PolicyRule,
  type RuleChain,
  type RuleEndpoint,
  type RuleSet,
} from '@atoll/schema/node/network';
import type { CompiledEndpoint, CompiledPolicy } from './model.ts';
import { byText, sortedSet } from './order.ts';
import { mergedPorts } from './ports.ts';
import { type ByNamespace, byNamespace, matched } from './select.ts';

type Direction = RuleChain['direction'];

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Which side of a policy's connections a rule of that direction has as its set: sources or destinations. */
const sideOf = { ingress: 's', egress: 'd' } as const satisfies Record<Direction, string>;

export const setName = (policyId: Id<'policy'>, direction: Direction) =>
  `${sideOf[direction]}${sha256([policyId, direction]).slice(0, 20)}`;

const addressSet = (name: string, members: readonly CompiledEndpoint[]): AddressSet => ({
  name,
  kind: 'addresses',
  ipv4: sortedSet(members.map((member) => member.ipv4)),
  ipv6: sortedSet(members.map((member) => member.ipv6)),
});

/** What one policy adds on the node in one direction. */
interface PolicySide {
  readonly direction: Direction;
  readonly guarded: readonly CompiledEndpoint[];
  readonly set: AddressSet;
  readonly rules: readonly PolicyRule[];
}

function policySides(nodeId: Id<'node'>, policy: CompiledPolicy, endpoints: ByNamespace): PolicySide[] {
  const { policyId, spec } = policy;
  const { sources, destinations } = matched(policy, endpoints);
  const ends = [
    { direction: 'ingress', guarded: destinations, peers: sources },
    { direction: 'egress', guarded: sources, peers: destinations },
  ] as const;
  return ends.flatMap(({ direction, guarded, peers }) => {
    const here = guarded.filter((endpoint) => endpoint.nodeId === nodeId);
    if (here.length === 0 || peers.length === 0) return [];
    const set = addressSet(setName(policyId, direction), peers);
    const rules = mergedPorts(spec.ports).map(
      ({ protocol, from, to }): PolicyRule => ({
        ...{ policyId, action: 'ALLOW', protocol, ports: { from, to }, icmp: null, set: set.name, log: false },
      }),
    );
    return [{ direction, guarded: here, set, rules }];
  });
}

/** Hash of everything that one policy puts on the node: rules, members, and whom they guard. */
const receiptHash = (sides: readonly PolicySide[]) =>
  sha256(
    sides.map(({ direction, rules, set, guarded }) => ({
      direction,
      rules,
      set,
      guarded: sortedSet(guarded.map((endpoint) => endpoint.instanceId)),
    })),
  );

/** Rules of each endpoint of the node. Policies come sorted, and so do their ports: equal rules are equal lists. */
function rulesByEndpoint(sides: readonly PolicySide[], direction: Direction): Map<Id<'instance'>, PolicyRule[]> {
  const rulesOf = new Map<Id<'instance'>, PolicyRule[]>();
  for (const side of sides.filter((one) => one.direction === direction)) {
    for (const { instanceId } of side.guarded) {
      const rules = rulesOf.get(instanceId);
      if (rules) rules.push(...side.rules);
      else rulesOf.set(instanceId, [...side.rules]);
    }
  }
  return rulesOf;
}

export function compileNode(
  nodeId: Id<'node'>,
  endpoints: readonly CompiledEndpoint[],
  policies: readonly CompiledPolicy[],
): RuleSet {
  const all = byNamespace(endpoints);
  const compiled = [...policies]
    .sort((a, b) => byText(a.policyId, b.policyId))
    .map((policy) => ({ policy, sides: policySides(nodeId, policy, all) }))
    .filter(({ sides }) => sides.length > 0);
  const sides = compiled.flatMap((one) => one.sides);
  const rulesOf = { ingress: rulesByEndpoint(sides, 'ingress'), egress: rulesByEndpoint(sides, 'egress') };

  const chains = new Map<string, RuleChain>();
  function chainOf(instanceId: Id<'instance'>, direction: Direction): string | null {
    const rules = rulesOf[direction].get(instanceId);
    if (!rules) return null;
    const name = sha256([direction, rules]).slice(0, 16);
    if (!chains.has(name)) chains.set(name, { name, direction, rules });
    return name;
  }
  const guard = ({ instanceId, ipv4, ipv6 }: CompiledEndpoint): RuleEndpoint => ({
    instanceId,
    ipv4,
    ipv6,
    ingress: chainOf(instanceId, 'ingress'),
    egress: chainOf(instanceId, 'egress'),
  });

  return {
    ...emptyRuleSet,
    endpoints: endpoints
      .filter((endpoint) => endpoint.nodeId === nodeId)
      .sort((a, b) => byText(a.instanceId, b.instanceId))
      .map(guard),
    chains: [...chains.values()].sort((a, b) => byText(a.name, b.name)),
    sets: sides.map(({ set }) => set).sort((a, b) => byText(a.name, b.name)),
    policies: compiled.map(({ policy: { policyId, revision }, sides: own }) => ({
      policyId,
      revision,
      hash: receiptHash(own),
    })),
  };
}
