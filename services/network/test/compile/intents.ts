/** Any intent of two tenants and the platform over three nodes, and packets that tell what it opens. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyTraffic } from '@atoll/schema/network/spec';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import type {
  CompiledEndpoint,
  CompiledNamespace,
  CompiledPeer,
  CompiledPolicy,
  CompiledService,
  Intent,
} from '../../src/compile/model.ts';

export const suffix = (n: number) => `01h455vb4pex5vsknk0${String(n).padStart(7, '0')}`;
export const nodeIds = [0, 1, 2].map((n): Id<'node'> => `node_${suffix(n)}`);
const tenantId = (n: number): Id<'tenant'> => `ten_${suffix(n)}`;
const namespaceOf = (n: number): Id<'namespace'> => `ns_${suffix(n)}`;
const serviceOf = (n: number): Id<'service'> => `svc_${suffix(n)}`;
/** Six namespaces: three of each tenant, of which two are in one environment. */
export const tenantOf = (namespace: number) => tenantId(namespace < 3 ? 0 : 1);
export const environmentOf = (namespace: number): Id<'environment'> =>
  `env_${suffix([0, 0, 1, 2, 2, 3][namespace] ?? 9)}`;
const subnetOf = (namespace: number, n: number): Id<'subnet'> => `sub_${suffix(namespace * 2 + n)}`;

export const outside = {
  addresses: ['192.0.2.1', '192.0.2.200', '198.51.100.7', '2001:db8::1', '2001:db8:8000::1'],
  cidrs: ['192.0.2.0/24', '192.0.2.128/25', '192.0.2.1/32', '0.0.0.0/0', '2001:db8::/32', '2001:db8:8000::/33', '::/0'],
  contains(cidr: string, address: string): boolean {
    const [range, parsed] = [ipaddr.parseCIDR(cidr), ipaddr.parse(address)];
    return range[0].kind() === parsed.kind() && parsed.match(range);
  },
};

export type Packet =
  | { readonly protocol: 'TCP' | 'UDP'; readonly port: number }
  | { readonly protocol: 'ICMP'; readonly type: 'ECHO_REQUEST' | 'OTHER' };
export const packets: readonly Packet[] = [
  ...[1, 2, 3, 5, 7].flatMap((port): Packet[] => [
    { protocol: 'TCP', port },
    { protocol: 'UDP', port },
  ]),
  { protocol: 'ICMP', type: 'ECHO_REQUEST' },
  { protocol: 'ICMP', type: 'OTHER' },
];

const index = (count: number) => fc.integer({ min: 0, max: count - 1 });
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const port = fc.integer({ min: 1, max: 7 });
const traffic: fc.Arbitrary<PolicyTraffic> = fc.oneof(
  fc
    .tuple(fc.constantFrom('TCP' as const, 'UDP' as const), port, port)
    .map(([protocol, x, y]) => ({ protocol, from: Math.min(x, y), to: Math.max(x, y) })),
  fc.record({ protocol: fc.constant('ICMP' as const), type: fc.constantFrom('ECHO_REQUEST' as const, null) }),
);
const cidrPeer: fc.Arbitrary<CompiledPeer> = fc.record({
  kind: fc.constant('CIDR' as const),
  cidr: fc.constantFrom(...outside.cidrs),
  except: fc.array(fc.constantFrom(...outside.cidrs), { maxLength: 2 }),
});
/** May name what is another tenant's: the compiler must not follow. */
const tenantPeer: fc.Arbitrary<CompiledPeer> = fc.oneof(
  fc.record({ kind: fc.constant('INSTANCES' as const), namespaceId: index(6).map(namespaceOf), labels }),
  fc.record({ kind: fc.constant('ENVIRONMENT' as const), environmentId: index(6).map(environmentOf), labels }),
  fc.record({ kind: fc.constant('SERVICE' as const), serviceId: index(4).map(serviceOf) }),
  cidrPeer,
);
const platformPeer: fc.Arbitrary<CompiledPeer> = fc.oneof(
  fc.constant({ kind: 'ALL' as const }),
  fc.record({ kind: fc.constant('TENANT' as const), tenantId: index(2).map(tenantId) }),
  cidrPeer,
);
const definitionOf = (peer: fc.Arbitrary<CompiledPeer>) =>
  fc.record({
    action: fc.constantFrom('ALLOW' as const, 'ALLOW' as const, 'DENY' as const),
    priority: index(3),
    from: fc.array(peer, { minLength: 1, maxLength: 3 }),
    to: fc.array(peer, { minLength: 1, maxLength: 3 }),
    traffic: fc.array(traffic, { maxLength: 3 }),
    log: fc.boolean(),
  });

export const endpointOf = (n: number, isolated: (tenant: string) => boolean): fc.Arbitrary<CompiledEndpoint> =>
  fc
    .record({ namespace: index(6), node: index(3), subnet: index(2), labels })
    .map(({ namespace, node, subnet, labels }) => ({
      instanceId: `ins_${suffix(n)}`,
      tenant: tenantOf(namespace),
      namespaceId: namespaceOf(namespace),
      environmentId: environmentOf(namespace),
      subnetId: subnetOf(namespace, subnet),
      nodeId: nodeIds[node] ?? `node_${suffix(0)}`,
      ipv4: `10.64.0.${n + 2}`,
      ipv6: `fd61::${(n + 2).toString(16)}`,
      labels,
      isolated: isolated(tenantOf(namespace)),
    }));
export const policyOf = (n: number): fc.Arbitrary<CompiledPolicy> => {
  const revision = fc.integer({ min: 1, max: 3 });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ revision, namespace: index(6), definition: definitionOf(tenantPeer) }).map(
        ({ revision, namespace, definition }): CompiledPolicy => ({
          ...{ policyId: `pol_${suffix(n)}`, tier: 'TENANT', tenant: tenantOf(namespace), revision, definition },
          namespaceId: namespaceOf(namespace),
        }),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({ revision, definition: definitionOf(platformPeer) }).map(
        ({ revision, definition }): CompiledPolicy => ({
          ...{ policyId: `ppol_${suffix(n)}`, tier: 'PLATFORM', tenant: null, namespaceId: null, revision, definition },
        }),
      ),
    },
  );
};
export const namespaceLevel = (n: number): fc.Arbitrary<CompiledNamespace> =>
  fc
    .record({
      level: fc.constantFrom('NAMESPACE' as const, 'SUBNET' as const, 'RULE' as const, 'HOST' as const),
      subnets: fc.subarray([0, 1]),
    })
    .map(({ level, subnets }) => ({
      ...{ namespaceId: namespaceOf(n), tenant: tenantOf(n), level },
      subnetIds: subnets.map((subnet) => subnetOf(n, subnet)),
    }));
/** Services 0 and 1 are of the first tenant. */
export const serviceAt = (n: number): fc.Arbitrary<CompiledService> =>
  fc.record({ namespace: index(3), labels }).map(({ namespace, labels }) => {
    const own = namespace + (n < 2 ? 0 : 3);
    return { serviceId: serviceOf(n), tenant: tenantOf(own), namespaceId: namespaceOf(own), labels };
  });

const some = <T>(count: number, of: (n: number) => fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.subarray(Array.from({ length: count }, (_, n) => n)).chain((chosen) => fc.tuple(...chosen.map(of)));

export const intents: fc.Arbitrary<Intent> = fc.constantFrom(null, null, null, tenantId(0)).chain((suspended) => {
  const connected = (one: { readonly tenant: string | null }) => one.tenant === null || one.tenant !== suspended;
  return fc.record({
    endpoints: some(10, (n) => endpointOf(n, (tenant) => tenant === suspended)),
    policies: some(7, policyOf).map((all) => all.filter(connected)),
    namespaces: some(6, namespaceLevel).map((all) => all.filter(connected)),
    services: some(4, serviceAt),
  });
});
