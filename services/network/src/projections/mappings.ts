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
  where p.announced_by = any($1)
    and not exists (select from network.isolated_tenant t where t.tenant = m.tenant)
  order by m.port_mapping_id`;

/** By node. */
export async function readMappings(tx: PoolClient, nodes: readonly string[]): Promise<Map<string, RuleMapping[]>> {
  const { rows } = await tx.query<Row>(sql, [nodes]);
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

/** Whose rules a change of the address's mappings changes. */
export async function announcerOf(tx: PoolClient, publicAddressId: string): Promise<string[]> {
  const { rows } = await tx.query<{ node: string }>(
    'select announced_by as node from network.public_address where public_address_id = $1 and announced_by is not null',
    [publicAddressId],
  );
  return rows.map(({ node }) => node);
}
