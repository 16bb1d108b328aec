/** What is left here of a tenant or of namespaces: counted in the tables once they have every event. */
import type { Id } from '@atoll/schema/ids';
import type { Remains, RemainsScope } from '@atoll/schema/remains';
import { namespacesOf } from '@atoll/schema/remains';
import type { Pool } from 'pg';
import { type Reachability, reachable } from './nodes/reachability.ts';

const FINDINGS = 20;
const NODES = 5;

interface Row {
  readonly endpoints: number;
  readonly policies: number;
  readonly services: number;
  readonly subnets: number;
  readonly mappings: number;
  readonly public_addresses: number;
  readonly namespaces: number;
  readonly isolated: number;
  readonly digest: string;
  readonly nodes: readonly Id<'node'>[];
  readonly references: readonly { readonly policyId: string; readonly namespaceId: string }[];
  /** Of what stays, through a public address that doesn't. */
  readonly leading: readonly { readonly mappingId: string; readonly namespaceId: string }[];
}

/** $1 tenant, $2 its namespaces or null for all. */
const inScope = (row: string) => `${row}.tenant = $1 and ($2::text[] is null or ${row}.namespace_id = any($2))`;

const sql = `
  with subnets as (select * from network.subnet s where ${inScope('s')}),
    policies as (select * from network.policy p where ${inScope('p')}),
    services as (select * from network.service v where ${inScope('v')}),
    addresses as (select * from network.public_address p where p.rests_until is null and ${inScope('p')}),
    mappings as (
      select m.* from network.port_mapping m where ${inScope('m')}
      union select m.* from network.port_mapping m join addresses p on p.public_address_id = m.public_address_id
    )
  select
    (select count(*)::integer from (
      select i.instance_id from network.deploy_instance i where ${inScope('i')}
      union select e.instance_id from network.endpoint e where ${inScope('e')}
    ) unreleased) as endpoints,
    (select count(*)::integer from policies) as policies,
    (select count(*)::integer from services) as services,
    (select count(*)::integer from subnets) as subnets,
    (select count(*)::integer from mappings) as mappings,
    (select count(*)::integer from addresses) as public_addresses,
    (select count(*)::integer from network.namespace n where ${inScope('n')}) as namespaces,
    (select count(*)::integer from network.isolated_tenant t where t.tenant = $1 and $2::text[] is null) as isolated,
    (select coalesce(md5(string_agg(id, ' ' order by id)), '') from (
      select subnet_id as id from subnets union all select policy_id || ' ' || revision from policies
      union all select service_id from services union all select public_address_id from addresses
      union all select port_mapping_id from mappings
    ) things) as digest,
    array(
      select distinct r.node_id from subnets s join network.node_removal r on r.ipv4 <<= s.ipv4::inet
      where ${reachable('r', '$3', '$4')} order by r.node_id
    ) as nodes,
    (select coalesce(json_agg(json_build_object('policyId', policy_id, 'namespaceId', namespace_id)), '[]'::json) from (
      select policy_id, namespace_id from network.policy p
      where p.tenant = $1 and not (p.namespace_id = any($2)) and exists (
          select from network.policy_about a where a.policy_id = p.policy_id and a.kind = 'namespace' and a.ref = any($2)
        )
      order by policy_id limit ${FINDINGS}
    ) outside) as "references",
    (select coalesce(json_agg(json_build_object('mappingId', port_mapping_id, 'namespaceId', namespace_id)), '[]'::json) from (
      select m.port_mapping_id, m.namespace_id from mappings m
      where $2::text[] is not null and not (m.namespace_id = any($2)) order by 1 limit ${FINDINGS}
    ) led) as "leading"`;

export async function readRemainsOf(
  pool: Pool,
  reachability: Reachability,
  tenant: string,
  scope: RemainsScope,
): Promise<Remains> {
  const { rows } = await pool.query<Row>({
    name: 'network-read-remains',
    text: sql,
    values: [
      tenant,
      scope.kind === 'deployment' ? [] : namespacesOf(scope),
      reachability.since,
      reachability.silentAfterMs,
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error('The count of what is left has no row.');
  const { endpoints, policies, services, subnets, namespaces, isolated, digest, nodes, references, leading } = row;
  const more = nodes.length > NODES ? ` and ${nodes.length - NODES} more` : '';
  return {
    counts: [
      { kind: 'endpoints', count: endpoints },
      { kind: 'policies', count: policies },
      { kind: 'services', count: services },
      { kind: 'portMappings', count: row.mappings },
      { kind: 'publicAddresses', count: row.public_addresses },
      { kind: 'subnets', count: subnets },
      { kind: 'namespaces', count: namespaces },
      ...(scope.kind === 'tenant' ? [{ kind: 'isolations', count: isolated }] : []),
    ],
    digest,
    waitingFor:
      nodes.length === 0 ? null : `nodes to apply the rules without it: ${nodes.slice(0, NODES).join(', ')}${more}`,
    findings: [
      ...references.map(({ policyId, namespaceId }) => ({
        code: 'REFERENCED' as const,
        message: `The isolation policy ${policyId} of the namespace ${namespaceId}, which stays, names what is to be deleted. Delete or change it first.`,
        resourceId: policyId,
      })),
      ...leading.map(({ mappingId, namespaceId }) => ({
        code: 'REFERENCED' as const,
        message: `The port mapping ${mappingId} leads to the namespace ${namespaceId}, which stays, by a public address that is to be deleted. Delete it first.`,
        resourceId: mappingId,
      })),
    ],
  };
}
