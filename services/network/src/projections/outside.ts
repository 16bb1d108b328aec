/** Ports of public addresses as nodes need them: the node that answers for an address, and the nodes that its ports lead to. */
import type { Id } from '@atoll/schema/ids';
import type { RuleEntrance, RuleMapping } from '@atoll/schema/node/network';
import type { PoolClient } from 'pg';
import { byText, sortedSet } from '../compile/order.ts';

/** SQL: whether an endpoint, of the alias `e`, is behind a mapping, of the alias `m`. Of another tenant's it never is. */
const behind = `
  e.tenant = m.tenant and e.status <> 'refused' and case m.target ->> 'kind'
    when 'DEPLOYMENT' then exists (
      select from network.deploy_instance i
      where i.instance_id = e.instance_id and i.deployment_id = m.target ->> 'deploymentId'
    )
    else exists (
      select from network.service s
      where s.service_id = m.target ->> 'serviceId' and s.namespace_id = e.namespace_id and e.labels @> s.selector
    )
  end`;
/** SQL: and takes connections. */
export const takesFrom = `e.serving = 'serving' and ${behind}`;

/** SQL: the nodes that are connected, with the family of the addresses by which they are: nodes of one reach each other. */
export const connected = `select node_id, case when address like '%:%' then 6 else 4 end as underlay from network.node`;

/** SQL: those of tenants that are isolated lead nowhere. */
const open = `not exists (select from network.isolated_tenant t where t.tenant = m.tenant)`;

interface Behind {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly here: boolean;
}
interface Row {
  readonly nodeId: string;
  readonly portMappingId: Id<'portMapping'>;
  readonly address: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  /** Null for a port of a service that it hasn't. */
  readonly targetPort: number | null;
  readonly affinitySeconds: number | null;
  readonly endpoints: readonly Behind[];
}

const mappingsSql = `
  with connected as (${connected})
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
      select s.affinity_seconds from network.service s where s.service_id = m.target ->> 'serviceId'
    ) as "affinitySeconds",
    (
      select coalesce(json_agg(json_build_object(
        'ipv4', e.ipv4, 'ipv6', e.ipv6, 'here', e.node_id = p.announced_by
      ) order by e.instance_id), '[]'::json)
      from network.endpoint e
      where (
        e.node_id = p.announced_by or exists (
          select from connected own join connected other on other.underlay = own.underlay
          where own.node_id = p.announced_by and other.node_id = e.node_id
        )
      ) and ${takesFrom}
    ) as endpoints
  from network.public_address p
  join network.port_mapping m on m.public_address_id = p.public_address_id
  where p.announced_by = any($1) and ($2::text[] is null or m.port_mapping_id = any($2)) and ${open}
  order by m.port_mapping_id`;

/** By node that answers for them. `ids`: null for all. */
export async function readMappings(
  tx: PoolClient,
  nodes: readonly string[],
  ids: readonly string[] | null,
): Promise<Map<string, RuleMapping[]>> {
  if (nodes.length === 0 || ids?.length === 0) return new Map();
  const { rows } = await tx.query<Row>(mappingsSql, [nodes, ids]);
  return new Map([...Map.groupBy(rows, (row) => row.nodeId)].map(([node, group]) => [node, group.map(ruleMapping)]));
}

function ruleMapping({ portMappingId, address, protocol, port, targetPort, ...row }: Row): RuleMapping {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const targets =
    targetPort === null ? [] : row.endpoints.map((one) => ({ address: one[family], port: targetPort, here: one.here }));
  const { affinitySeconds } = row;
  return {
    ...{ portMappingId, address, protocol, port, targets },
    ...(affinitySeconds === null ? {} : { affinitySeconds }),
  };
}

interface EntranceRow {
  readonly nodeId: string;
  readonly entrance: Id<'node'>;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}

/** Ready or not, so that no endpoint takes connections before its node lets them in; and for as long as it has its address. */
const entrancesSql = `
  with connected as (${connected})
  select distinct e.node_id as "nodeId", p.announced_by as entrance,
    case when m.address not like '%:%' then e.ipv4 end as ipv4, case when m.address like '%:%' then e.ipv6 end as ipv6
  from network.endpoint e
  join network.port_mapping m on m.namespace_id = e.namespace_id
  join network.public_address p on p.public_address_id = m.public_address_id and p.announced_by <> e.node_id
  where e.node_id = any($1) and ${behind} and ${open} and exists (
    select from connected own join connected other on other.underlay = own.underlay
    where own.node_id = e.node_id and other.node_id = p.announced_by
  )`;

/** By node. */
export async function readEntrances(tx: PoolClient, nodes: readonly string[]): Promise<Map<string, RuleEntrance[]>> {
  if (nodes.length === 0) return new Map();
  const { rows } = await tx.query<EntranceRow>(entrancesSql, [nodes]);
  return new Map(
    [...Map.groupBy(rows, (row) => row.nodeId)].map(([node, group]) => [
      node,
      [...Map.groupBy(group, (row) => row.entrance)]
        .map(([nodeId, all]) => ({
          nodeId,
          ipv4: sortedSet(all.flatMap(({ ipv4 }) => ipv4 ?? [])),
          ipv6: sortedSet(all.flatMap(({ ipv6 }) => ipv6 ?? [])),
        }))
        .sort((a, b) => byText(a.nodeId, b.nodeId)),
    ]),
  );
}

interface Led {
  readonly nodeId: string;
  readonly host: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Those that take no new connections, too: the ones that they have go on. */
const ledSql = `
  select distinct p.announced_by as "nodeId", e.node_id as host, e.ipv4, e.ipv6
  from network.public_address p
  join network.port_mapping m on m.public_address_id = p.public_address_id
  join network.endpoint e on e.namespace_id = m.namespace_id and e.node_id <> p.announced_by and e.serving <> 'never'
  where p.announced_by = any($1) and ${behind} and ${open}`;

/** Endpoints of other nodes that a node leads to, by it and by theirs. */
export async function readLed(
  tx: PoolClient,
  nodes: readonly string[],
): Promise<Map<string, Map<string, readonly Led[]>>> {
  if (nodes.length === 0) return new Map();
  const { rows } = await tx.query<Led>(ledSql, [nodes]);
  return new Map(
    [...Map.groupBy(rows, (row) => row.nodeId)].map(([node, all]) => [node, Map.groupBy(all, (row) => row.host)]),
  );
}
