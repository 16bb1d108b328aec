/** Which nodes have to do with ports of public addresses: who answers for them, and where they may lead. */
import type { PoolClient } from 'pg';

/** A port, and a node that it may lead to. */
export interface Lead {
  readonly portMappingId: string;
  readonly announcer: string;
  readonly host: string;
}

interface Near {
  readonly nodeId: string;
  readonly tenant: string;
  readonly namespaceId: string;
  readonly instanceId: string;
}

/** Ports that one of the endpoints may be behind, with its node. */
export async function leadsNear(tx: PoolClient, endpoints: readonly Near[]): Promise<Lead[]> {
  if (endpoints.length === 0) return [];
  const { rows } = await tx.query<Lead>(
    `select distinct p.announced_by as announcer, m.port_mapping_id as "portMappingId", e.node_id as host
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as e (node_id, tenant, namespace_id, instance_id)
     join network.port_mapping m on m.namespace_id = e.namespace_id and m.tenant = e.tenant
     join network.public_address p on p.public_address_id = m.public_address_id and p.announced_by is not null
     where case m.target ->> 'kind'
       when 'DEPLOYMENT' then not exists (
         select from network.deploy_instance i
         where i.instance_id = e.instance_id and i.deployment_id <> m.target ->> 'deploymentId'
       )
       else exists (
         select from network.service s
         where s.service_id = m.target ->> 'serviceId' and s.namespace_id = e.namespace_id
       )
     end`,
    [
      endpoints.map((one) => one.nodeId),
      endpoints.map((one) => one.tenant),
      endpoints.map((one) => one.namespaceId),
      endpoints.map((one) => one.instanceId),
    ],
  );
  return rows;
}

/** Ports of addresses that one of the nodes answers for, or that may lead to it. */
export async function leadsOf(tx: PoolClient, nodes: readonly string[]): Promise<Lead[]> {
  if (nodes.length === 0) return [];
  const { rows } = await tx.query<Lead>(
    `select distinct p.announced_by as announcer, m.port_mapping_id as "portMappingId", e.node_id as host
     from network.port_mapping m
     join network.public_address p on p.public_address_id = m.public_address_id and p.announced_by is not null
     join network.endpoint e on e.namespace_id = m.namespace_id and e.tenant = m.tenant and e.status <> 'refused'
     where p.announced_by = any($1) or e.node_id = any($1)`,
    [nodes],
  );
  return rows;
}

/** By namespace: the nodes with endpoints of it. */
export async function hostsOf(tx: PoolClient, namespaces: readonly string[]): Promise<Map<string, string[]>> {
  if (namespaces.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; nodes: string[] }>(
    `select namespace_id as id, array_agg(distinct node_id) as nodes from network.endpoint
     where namespace_id = any($1) and status <> 'refused' group by namespace_id`,
    [namespaces],
  );
  return new Map(rows.map((row) => [row.id, row.nodes]));
}

/** By what is told of them: of the service, of the tenant, or of the address. With the nodes that answer for them, and where they lead. */
export async function announcedMappings(
  tx: PoolClient,
  by: { readonly service: string } | { readonly tenant: string } | { readonly publicAddress: string },
): Promise<{ readonly portMappingIds: string[]; readonly nodes: string[]; readonly namespaces: string[] }> {
  const [condition, value] =
    'service' in by
      ? [`m.target ->> 'serviceId' = $1`, by.service]
      : 'tenant' in by
        ? ['m.tenant = $1', by.tenant]
        : ['m.public_address_id = $1', by.publicAddress];
  const { rows } = await tx.query<{ id: string; node: string; namespace: string }>(
    `select m.port_mapping_id as id, p.announced_by as node, m.namespace_id as namespace
     from network.port_mapping m join network.public_address p using (public_address_id)
     where ${condition} and p.announced_by is not null`,
    [value],
  );
  return {
    portMappingIds: rows.map((row) => row.id),
    nodes: [...new Set(rows.map((row) => row.node))],
    namespaces: [...new Set(rows.map((row) => row.namespace))],
  };
}

/** Whose rules a change of the address's mappings changes. */
export async function announcerOf(tx: PoolClient, publicAddressId: string): Promise<string[]> {
  const { rows } = await tx.query<{ node: string }>(
    'select announced_by as node from network.public_address where public_address_id = $1 and announced_by is not null',
    [publicAddressId],
  );
  return rows.map(({ node }) => node);
}
