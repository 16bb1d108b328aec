/** What the compiler needs for some nodes: their endpoints, the policies about these, and everybody on the other side. */
import type { Id } from '@atoll/schema/ids';
import type { IsolationLevel, PolicyTier } from '@atoll/schema/network/spec';
import type { Labels } from '@atoll/schema/text';
import type { PoolClient } from 'pg';
import type { CompiledEndpoint, CompiledNamespace, CompiledPolicy, CompiledService, Intent } from '../compile/model.ts';

interface EndpointRow {
  readonly instance_id: Id<'instance'>;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'>;
  readonly environment_id: Id<'environment'> | null;
  readonly subnet_id: Id<'subnet'>;
  readonly node_id: Id<'node'>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly labels: Labels;
  readonly isolated: boolean;
}
interface PolicyRow {
  readonly policy_id: CompiledPolicy['policyId'];
  readonly tier: PolicyTier;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'> | null;
  readonly revision: number;
  readonly definition: CompiledPolicy['definition'];
  /** Of all instances that it may decide about. */
  readonly namespaces: readonly string[];
}
interface NamespaceRow {
  readonly namespace_id: Id<'namespace'>;
  readonly tenant: string;
  readonly isolation: IsolationLevel;
  readonly subnets: readonly Id<'subnet'>[];
}

interface ServiceRow {
  readonly service_id: Id<'service'>;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'>;
  readonly selector: Labels;
}

export const noIntent: Intent = { endpoints: [], policies: [], namespaces: [], services: [] };

/** Those that decide now, about instances of any of the namespaces; none of a tenant that is suspended. */
async function readPolicies(tx: PoolClient, namespaces: readonly string[]): Promise<PolicyRow[]> {
  const { rows } = await tx.query<PolicyRow>(
    `select p.policy_id, p.tier, p.tenant, p.namespace_id, p.revision, p.definition,
       array(select c.namespace_id from network.policy_concerns c where c.policy_id = p.policy_id) as namespaces
     from network.policy p
     where p.active
       and p.policy_id in (select c.policy_id from network.policy_concerns c where c.namespace_id = any($1))
       and not exists (select from network.isolated_tenant i where i.tenant = p.tenant)`,
    [namespaces],
  );
  return rows;
}

async function readEndpoints(tx: PoolClient, namespaces: readonly string[]): Promise<CompiledEndpoint[]> {
  const { rows } = await tx.query<EndpointRow>(
    `select e.instance_id, e.tenant, e.namespace_id, n.environment_id, e.subnet_id, e.node_id, e.ipv4, e.ipv6, e.labels,
       exists (select from network.isolated_tenant i where i.tenant = e.tenant) as isolated
     from network.endpoint e left join network.namespace n on n.namespace_id = e.namespace_id
     where e.namespace_id = any($1) and e.status <> 'refused'`,
    [namespaces],
  );
  return rows.map((row) => ({
    instanceId: row.instance_id,
    tenant: row.tenant,
    namespaceId: row.namespace_id,
    environmentId: row.environment_id,
    subnetId: row.subnet_id,
    nodeId: row.node_id,
    ipv4: row.ipv4,
    ipv6: row.ipv6,
    labels: row.labels,
    isolated: row.isolated,
  }));
}

/** Those whose level lets something through by itself. */
async function readNamespaces(tx: PoolClient, namespaces: readonly string[]): Promise<CompiledNamespace[]> {
  const { rows } = await tx.query<NamespaceRow>(
    `select n.namespace_id, n.tenant, n.isolation,
       array(select s.subnet_id from network.subnet s where s.namespace_id = n.namespace_id order by s.subnet_id) as subnets
     from network.namespace n where n.namespace_id = any($1) and n.isolation in ('NAMESPACE', 'SUBNET')`,
    [namespaces],
  );
  return rows.map(({ namespace_id, tenant, isolation, subnets }) => ({
    ...{ namespaceId: namespace_id, tenant, level: isolation, subnetIds: subnets },
  }));
}

async function readServices(tx: PoolClient, policies: readonly PolicyRow[]): Promise<CompiledService[]> {
  const { rows } = await tx.query<ServiceRow>(
    `select s.service_id, s.tenant, s.namespace_id, s.selector from network.service s
     where s.service_id in (select a.ref from network.policy_about a where a.kind = 'service' and a.policy_id = any($1))`,
    [policies.map((policy) => policy.policy_id)],
  );
  return rows.map(({ service_id, tenant, namespace_id, selector }) => ({
    ...{ serviceId: service_id, tenant, namespaceId: namespace_id, labels: selector },
  }));
}

const compiled = ({ tenant, namespaces: _, ...row }: PolicyRow): CompiledPolicy => ({
  policyId: row.policy_id,
  tier: row.tier,
  tenant: row.tier === 'PLATFORM' ? null : tenant,
  namespaceId: row.namespace_id,
  revision: row.revision,
  definition: row.definition,
});

/** For each of the nodes only what concerns it. */
export async function readIntent(tx: PoolClient, nodes: readonly string[]): Promise<Map<string, Intent>> {
  const { rows: hosted } = await tx.query<{ node_id: string; namespace_id: string }>(
    `select distinct node_id, namespace_id from network.endpoint where node_id = any($1) and status <> 'refused'`,
    [nodes],
  );
  const hostedBy = Map.groupBy(hosted, (row) => row.node_id);
  const here = [...new Set(hosted.map((row) => row.namespace_id))];
  const policies = await readPolicies(tx, here);
  const all = [...new Set([...here, ...policies.flatMap((policy) => policy.namespaces)])];
  const endpoints = Map.groupBy(await readEndpoints(tx, all), ({ namespaceId }): string => namespaceId);
  const namespaces = await readNamespaces(tx, here);
  const services = await readServices(tx, policies);

  const intentOf = (node: string): Intent => {
    const own = new Set((hostedBy.get(node) ?? []).map((row) => row.namespace_id));
    const about = policies.filter((policy) => policy.namespaces.some((namespace) => own.has(namespace)));
    const concerned = new Set([...own, ...about.flatMap((policy) => policy.namespaces)]);
    return {
      ...noIntent,
      policies: about.map(compiled),
      services: services.filter(({ namespaceId }) => concerned.has(namespaceId)),
      namespaces: namespaces.filter(({ namespaceId }) => own.has(namespaceId)),
      endpoints: [...concerned].flatMap((namespace) => endpoints.get(namespace) ?? []),
    };
  };
  return new Map(nodes.map((node) => [node, intentOf(node)]));
}
