/** Makes documents as the services send them. */
import { createHash } from 'node:crypto';
import { alone } from '@atoll/schema/deploy/spec';
import type { Id, IdKind } from '@atoll/schema/ids';
import {
  type DesiredNetwork,
  emptyRuleSet,
  type PolicyRule,
  type RuleEndpoint,
  type RuleSet,
} from '@atoll/schema/node/network';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import { newId } from '@atoll/service/ids';

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Ids that are the same in every run. */
export const fixedId = <K extends IdKind>(kind: K, number: number): Id<K> =>
  newId(kind).replace(/_.*/, `_01jd${String(number).padStart(22, '0')}`) as Id<K>;

export const pools = {
  ipv4: ['10.64.0.0/10'],
  ipv6: ['fd61:746f:6c6c::/48'],
  services: ['10.127.0.0/16', 'fd61:746f:6c6c:ffff:ffff:ffff:ffff:0/112'],
  reserved: [],
};

export const endpointAt = (instanceId: Id<'instance'>, subnet: number, host: number): RuleEndpoint => ({
  instanceId,
  ipv4: `10.64.${subnet}.${host}`,
  ipv6: `fd61:746f:6c6c:${subnet.toString(16)}::${host.toString(16)}`,
  ingress: null,
  egress: null,
});

/** Opens ports from some endpoints to others; what the network service compiles, as far as a node sees it. */
export interface Opening {
  readonly policyId: Id<'policy'>;
  readonly from: readonly Id<'instance'>[];
  readonly to: readonly Id<'instance'>[];
  readonly protocol: 'TCP' | 'UDP';
  readonly ports: { readonly from: number; readonly to: number };
}

const memberSet = (all: readonly RuleEndpoint[], ids: readonly Id<'instance'>[]) => {
  const members = all.filter((endpoint) => ids.includes(endpoint.instanceId));
  const ipv4 = members.map((endpoint) => endpoint.ipv4).sort();
  const ipv6 = members.map((endpoint) => endpoint.ipv6).sort();
  return { ipv4, ipv6 };
};
const setName = (opening: Opening, side: 'from' | 'to') => `${side}${opening.policyId.slice(-12)}`;

/** `local` are the endpoints of the node; openings may name others of `all`. */
export function compile(
  all: readonly RuleEndpoint[],
  openings: readonly Opening[],
  local: readonly RuleEndpoint[] = all,
): RuleSet {
  const chains = new Map<string, RuleSet['chains'][number]>();
  function chainFor(endpoint: RuleEndpoint, direction: 'ingress' | 'egress'): string | null {
    const [own, peer] = direction === 'egress' ? (['from', 'to'] as const) : (['to', 'from'] as const);
    const rules = openings
      .filter((opening) => opening[own].includes(endpoint.instanceId))
      .map(
        (opening): PolicyRule => ({
          policyId: opening.policyId,
          action: 'ALLOW',
          protocol: opening.protocol,
          ports: opening.ports,
          icmp: null,
          set: setName(opening, peer),
          log: false,
        }),
      );
    if (rules.length === 0) return null;
    const name = sha256([direction, rules]).slice(0, 16);
    chains.set(name, { name, direction, rules });
    return name;
  }
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return {
    ...emptyRuleSet,
    endpoints: local
      .map((endpoint) => ({
        ...endpoint,
        ingress: chainFor(endpoint, 'ingress'),
        egress: chainFor(endpoint, 'egress'),
      }))
      .sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1)),
    chains: [...chains.values()].sort(byName),
    sets: openings
      .flatMap((opening) =>
        (['from', 'to'] as const).map((side) => ({
          name: setName(opening, side),
          kind: 'addresses' as const,
          ...memberSet(all, opening[side]),
        })),
      )
      .sort(byName),
    policies: openings.map((opening) => ({ policyId: opening.policyId, revision: 1, hash: sha256(opening) })),
  };
}

export const networkDocument = (nodeId: Id<'node'>, generation: number, rules: RuleSet): DesiredNetwork => ({
  nodeId,
  generation,
  hash: rulesHash(rules),
  pools,
  rules,
});

export const someDigest = `sha256:${'a'.repeat(64)}`;

export function desiredInstance(
  instanceId: Id<'instance'>,
  spec: Partial<DesiredInstance['spec']> = {},
  stopGraceSeconds = 1,
): DesiredInstance {
  return {
    instanceId,
    tenantId: fixedId('tenant', 1),
    namespaceId: fixedId('namespace', 1),
    deploymentId: fixedId('deployment', 1),
    deploymentName: 'web',
    releaseId: fixedId('release', 1),
    spec: {
      image: `127.0.0.1:5000/web@${someDigest}`,
      command: null,
      env: {},
      ports: [{ port: 8080, protocol: 'TCP' }],
      resources: { cpuMillis: 100, memoryMiB: 32 },
      readiness: null,
      ...alone,
      ...spec,
    },
    stopGraceSeconds,
  };
}
