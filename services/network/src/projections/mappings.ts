/** The port mappings of public addresses that some nodes answer for, with the instances of each node that they lead to. */
import type { Id } from '@atoll/schema/ids';
import type { RuleMapping } from '@atoll/schema/node/network';
import type { PoolClient } from 'pg';

/**
 * SQL: whether an endpoint, of the alias `e`, is behind a mapping, of the alias `m`, and takes connections. Of another tenant's
 * it never is, whatever the mapping says.
 */
export const behindMapping = `
  e.tenant = m.tenant and e.serving = 'serving' and e.status <> 'refused' and case m.target ->> 'kind'
    when 'DEPLOYMENT' then exists (
      select from network.deploy_instance i
      where i.instance_id = e.instance_id and i.deployment_id = m.target ->> 'deploymentId'
    )
    else exists (
      select from network.service s
      where s.service_id = m.target ->> 'serviceId' and s.namespace_id = e.namespace_id and e.labels @> s.selector
    )
  end`;

interface Row {
  readonly nodeId: string;
  readonly portMappingId: Id<'portMapping'>;
  readonly address: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  /** Null for a port of a service that it hasn't. */
  readonly targetPort: number | null;
  readonly endpoints: readonly { readonly ipv4: string; readonly ipv6: string }[];
}

/** Those of tenants that are isolated lead nowhere. */
const sql = `
  select p.announced_by as "nodeId", m.port_mapping_id as "portMappingId", m.address, m.protocol, m.port,
    case m.target ->> 'kind'
      when 'DEPLOYMENT' then (m.target ->> 'port')::integer
      else (
        select (x ->> 'targetPort')::integer from network.service s, jsonb_array_elements(s.ports) x
        where s.service_id = m.target ->> 'serviceId' and x ->> 'port' = m.target ->> 'port'
          and x ->> 'protocol' = m.protocol
      )
    end as "targetPort",
    (
      select coalesce(json_agg(json_build_object('ipv4', e.ipv4, 'ipv6', e.ipv6) order by e.instance_id), '[]'::json)
      from network.endpoint e where e.node_id = p.announced_by and ${behindMapping}
    ) as endpoints
  from network.public_address p
  join network.port_mapping m on m.public_address_id = p.public_address_id
  where p.announced_by = any($1) and ($2::text[] is null or m.port_mapping_id = any($2))
    and not exists (select from network.isolated_tenant t where t.tenant = m.tenant)
  order by m.port_mapping_id`;

/** By node. `ids`: null for all. */
export async function readMappings(
  tx: PoolClient,
  nodes: readonly string[],
  ids: readonly string[] | null,
): Promise<Map<string, RuleMapping[]>> {
  if (nodes.length === 0 || ids?.length === 0) return new Map();
  const { rows } = await tx.query<Row>(sql, [nodes, ids]);
  return new Map(
    [...Map.groupBy(rows, (row) => row.nodeId)].map(([node, group]) => [
      node,
      group.map(({ portMappingId, address, protocol, port, targetPort, endpoints }): RuleMapping => {
        const family = address.includes(':') ? 'ipv6' : 'ipv4';
        const targets =
          targetPort === null ? [] : endpoints.map((one) => ({ address: one[family], port: targetPort, here: true }));
        return { portMappingId, address, protocol, port, targets };
      }),
    ]),
  );
}

interface Near {
  readonly nodeId: string;
  readonly tenant: string;
  readonly namespaceId: string;
  readonly instanceId: string;
}

/** Those that one of the endpoints may be behind, by the node that answers for them and has the endpoint. */
export async function mappingsNear(tx: PoolClient, endpoints: readonly Near[]): Promise<Map<string, string[]>> {
  if (endpoints.length === 0) return new Map();
  const { rows } = await tx.query<{ node: string; id: string }>(
    `select distinct p.announced_by as node, m.port_mapping_id as id
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as e (node_id, tenant, namespace_id, instance_id)
     join network.public_address p on p.announced_by = e.node_id
     join network.port_mapping m on m.public_address_id = p.public_address_id and m.tenant = e.tenant
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
  return new Map([...Map.groupBy(rows, (row) => row.node)].map(([node, all]) => [node, all.map((row) => row.id)]));
}

/** By what is told of them: of the service, of the tenant, or of the address. With the nodes that answer for them. */
export async function announcedMappings(
  tx: PoolClient,
  by: { readonly service: string } | { readonly tenant: string } | { readonly publicAddress: string },
): Promise<{ readonly portMappingIds: string[]; readonly nodes: string[] }> {
  const [condition, value] =
    'service' in by
      ? [`m.target ->> 'serviceId' = $1`, by.service]
      : 'tenant' in by
        ? ['m.tenant = $1', by.tenant]
        : ['m.public_address_id = $1', by.publicAddress];
  const { rows } = await tx.query<{ id: string; node: string }>(
    `select m.port_mapping_id as id, p.announced_by as node
     from network.port_mapping m join network.public_address p using (public_address_id)
     where ${condition} and p.announced_by is not null`,
    [value],
  );
  return { portMappingIds: rows.map((row) => row.id), nodes: [...new Set(rows.map((row) => row.node))] };
}

/** Whose rules a change of the address's mappings changes. */
export async function announcerOf(tx: PoolClient, publicAddressId: string): Promise<string[]> {
  const { rows } = await tx.query<{ node: string }>(
    'select announced_by as node from network.public_address where public_address_id = $1 and announced_by is not null',
    [publicAddressId],
  );
  return rows.map(({ node }) => node);
}
