/** What the compiler of services needs for some nodes, and what it makes of it. */
import type { RuleService } from '@atoll/schema/node/network';
import type { PoolClient } from 'pg';
import {
  type CompiledNamespace,
  type CompiledService,
  compileService,
  compileServices,
  type HostedEndpoint,
  noServices,
  type ServiceSections,
} from '../compile/services.ts';

interface NamespaceRow extends CompiledNamespace {
  readonly nodes: readonly string[];
}
type ServiceRow = Omit<CompiledService, 'members'>;
interface MemberRow {
  readonly serviceId: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly serving: boolean;
}
interface HostedRow extends HostedEndpoint {
  readonly nodeId: string;
}

const serviceColumns = `service_id as "serviceId", namespace_id as "namespaceId", name, ipv4, ipv6, ports,
  affinity_seconds as "affinitySeconds"`;

async function readMembers(tx: PoolClient, by: 'namespace_id' | 'service_id', ids: readonly string[]) {
  const { rows } = await tx.query<MemberRow>(
    `select s.service_id as "serviceId", e.ipv4, e.ipv6, e.serving = 'serving' as serving
     from network.service s
     join network.endpoint e on e.namespace_id = s.namespace_id and e.labels @> s.selector
     where s.${by} = any($1) and e.serving <> 'never' and e.status <> 'refused'`,
    [ids],
  );
  return Map.groupBy(rows, (row) => row.serviceId);
}

const complete = (row: ServiceRow, members: ReadonlyMap<string, readonly MemberRow[]>): CompiledService => ({
  ...row,
  members: (members.get(row.serviceId) ?? []).map(({ ipv4, ipv6, serving }) => ({ ipv4, ipv6, serving })),
});

/** Some services, and which of the nodes see them. */
export async function readSomeServices(
  tx: PoolClient,
  ids: readonly string[],
  nodes: readonly string[],
): Promise<{ readonly rules: ReadonlyMap<string, RuleService>; sees(node: string, serviceId: string): boolean }> {
  if (ids.length === 0) return { rules: new Map(), sees: () => false };
  const { rows } = await tx.query<ServiceRow>(
    `select ${serviceColumns} from network.service where service_id = any($1)`,
    [ids],
  );
  const members = await readMembers(tx, 'service_id', ids);
  const { rows: seen } = await tx.query<{ node: string; namespaceId: string }>(
    `select distinct e.node_id as node, own.namespace_id as "namespaceId"
     from network.namespace own
     join network.namespace other on other.namespace_id = own.namespace_id or other.environment_id = own.environment_id
     join network.endpoint e on e.namespace_id = other.namespace_id and e.status <> 'refused' and e.node_id = any($2)
     where own.namespace_id = any($1)`,
    [[...new Set(rows.map((row) => row.namespaceId))], nodes],
  );
  const pairs = new Set(seen.map(({ node, namespaceId }) => `${node} ${namespaceId}`));
  const home = new Map(rows.map((row): [string, string] => [row.serviceId, row.namespaceId]));
  return {
    rules: new Map(rows.map((row) => [row.serviceId, compileService(complete(row, members))])),
    sees: (node, serviceId) => pairs.has(`${node} ${home.get(serviceId)}`),
  };
}

/** By node; a node without services in sight may be left out. `names`: nobody is behind the services, for who only asks for names. */
export async function readServices(
  tx: PoolClient,
  nodes: readonly string[],
  asked: 'all' | 'names' = 'all',
): Promise<Map<string, ServiceSections>> {
  const { rows: namespaces } = await tx.query<NamespaceRow>(
    `with hosted as (
       select distinct e.node_id, coalesce(n.environment_id, n.namespace_id) as view
       from network.endpoint e join network.namespace n using (namespace_id)
       where e.node_id = any($1) and e.status <> 'refused'
     )
     select n.namespace_id as "namespaceId", n.environment_id as "environmentId", n.name,
       array_agg(h.node_id) as nodes
     from hosted h join network.namespace n on n.environment_id = h.view or n.namespace_id = h.view
     group by n.namespace_id`,
    [nodes],
  );
  if (namespaces.length === 0) return new Map();
  const ids = namespaces.map((one) => one.namespaceId);
  const { rows: hosted } = await tx.query<HostedRow>(
    `select instance_id as "instanceId", namespace_id as "namespaceId", node_id as "nodeId",
       serving in ('serving', 'withdrawn') as serving
     from network.endpoint where node_id = any($1) and status <> 'refused'`,
    [nodes],
  );
  const { rows: services } = await tx.query<ServiceRow>(
    `select ${serviceColumns} from network.service where namespace_id = any($1)`,
    [ids],
  );
  const members = asked === 'names' ? new Map() : await readMembers(tx, 'namespace_id', ids);
  const servicesIn = Map.groupBy(
    services.map((row) => complete(row, members)),
    (one) => one.namespaceId,
  );
  const hostedBy = Map.groupBy(hosted, (row) => row.nodeId);
  return new Map(
    nodes.map((node): [string, ServiceSections] => {
      const near = namespaces.filter((one) => one.nodes.includes(node));
      const own = (hostedBy.get(node) ?? []).map(({ nodeId: _, ...endpoint }) => endpoint);
      const about = near.flatMap((one): CompiledService[] => servicesIn.get(one.namespaceId) ?? []);
      return [node, near.length === 0 ? noServices : compileServices(own, near, about)];
    }),
  );
}
