/** What the compiler needs for some nodes: their endpoints, the policies about these, and everybody on the other side. */
import type { Id } from '@atoll/schema/ids';
import type { PolicySpec } from '@atoll/schema/network/spec';
import type { Labels } from '@atoll/schema/text';
import type { PoolClient } from 'pg';
import type { CompiledEndpoint, CompiledPolicy, Intent } from '../compile/model.ts';

interface EndpointRow {
  readonly instance_id: Id<'instance'>;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'>;
  readonly subnet_id: Id<'subnet'>;
  readonly node_id: Id<'node'>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly labels: Labels;
  readonly isolated: boolean;
}
interface PolicyRow {
  readonly policy_id: Id<'policy'>;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'>;
  readonly revision: number;
  readonly spec: PolicySpec;
}

export const noIntent: Intent = { endpoints: [], policies: [], namespaces: [], services: [] };

/** Ports that are opened from instances to instances. */
function definitionOf(namespaceId: Id<'namespace'>, { from, to, ports }: PolicySpec): CompiledPolicy['definition'] {
  return {
    ...{ action: 'ALLOW', priority: 500, log: false, traffic: ports.map((range) => ({ ...range })) },
    from: [{ kind: 'INSTANCES', namespaceId: from.namespaceId, labels: from.labels }],
    to: [{ kind: 'INSTANCES', namespaceId, labels: to.labels }],
  };
}

/** For each of the nodes only what concerns it. The policies of a tenant that is suspended concern nobody. */
export async function readIntent(tx: PoolClient, nodes: readonly string[]): Promise<Map<string, Intent>> {
  const { rows: hosted } = await tx.query<{ node_id: string; namespace_id: string }>(
    `select distinct node_id, namespace_id from network.endpoint where node_id = any($1) and status <> 'refused'`,
    [nodes],
  );
  const hostedBy = Map.groupBy(hosted, (row) => row.node_id);
  const { rows: policyRows } = await tx.query<PolicyRow>(
    `select policy_id, tenant, namespace_id, revision, spec from network.policy
     where (namespace_id = any($1) or from_namespace_id = any($1))
       and not exists (select from network.isolated_tenant where isolated_tenant.tenant = policy.tenant)`,
    [[...new Set(hosted.map((row) => row.namespace_id))]],
  );
  const policies = policyRows.map(
    (row): CompiledPolicy => ({
      policyId: row.policy_id,
      tier: 'TENANT',
      tenant: row.tenant,
      namespaceId: row.namespace_id,
      revision: row.revision,
      definition: definitionOf(row.namespace_id, row.spec),
    }),
  );
  const from = new Map(policyRows.map((row): [string, string] => [row.policy_id, row.spec.from.namespaceId]));
  const concerned = ({ policyId, namespaceId }: CompiledPolicy) =>
    [namespaceId, from.get(policyId)].filter((one) => typeof one === 'string');
  const { rows: endpointRows } = await tx.query<EndpointRow>(
    `select instance_id, tenant, namespace_id, subnet_id, node_id, ipv4, ipv6, labels,
       exists (select from network.isolated_tenant i where i.tenant = endpoint.tenant) as isolated
     from network.endpoint where namespace_id = any($1) and status <> 'refused'`,
    [[...new Set([...hosted.map((row) => row.namespace_id), ...policies.flatMap(concerned)])]],
  );
  const endpoints = Map.groupBy(
    endpointRows.map(
      (row): CompiledEndpoint => ({
        instanceId: row.instance_id,
        tenant: row.tenant,
        namespaceId: row.namespace_id,
        environmentId: null,
        subnetId: row.subnet_id,
        nodeId: row.node_id,
        ipv4: row.ipv4,
        ipv6: row.ipv6,
        labels: row.labels,
        isolated: row.isolated,
      }),
    ),
    (endpoint): string => endpoint.namespaceId,
  );

  const intentOf = (node: string): Intent => {
    const own = new Set((hostedBy.get(node) ?? []).map((row) => row.namespace_id));
    const about = policies.filter((policy) => concerned(policy).some((namespace) => own.has(namespace)));
    const namespaces = new Set<string>([...own, ...about.flatMap(concerned)]);
    return {
      ...noIntent,
      policies: about,
      endpoints: [...namespaces].flatMap((namespace) => endpoints.get(namespace) ?? []),
    };
  };
  return new Map(nodes.map((node) => [node, intentOf(node)]));
}
