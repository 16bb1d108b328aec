/** How policies are in force: node by node, what each should have and what it has. */
import type { Id } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type {
  EnforcementState,
  NodeEnforcement,
  PlatformEnforcement,
  PolicyEnforcement,
} from '@atoll/schema/network/standing';
import type { Pool } from 'pg';
import { policyStanding, stalePolicies } from '../nodes/policy-standing.ts';
import type { Told } from './ask.ts';

interface Row<P extends string = Id<'policy'>> {
  readonly policyId: P;
  readonly nodeId: Id<'node'> | null;
  readonly revision: number | null;
  readonly hash: string | null;
  readonly appliedRevision: number | null;
  readonly generation: number;
  readonly appliedGeneration: number | null;
  readonly standing: 'CURRENT' | 'BEHIND' | 'FAILING';
  readonly since: Date | null;
  readonly enforced: boolean;
  readonly enforcedAt: Date | null;
  readonly firstEnforcedAt: Date | null;
}

/**
 * $1 tenant, $2 policies, $3 namespace; one of the two is null. Rules of a policy are on nodes that have instances of its tenant,
 * or had: the others aren't looked through.
 */
const sql = enforcementOf(
  'select policy_id from network.policy where tenant = $1 and (policy_id = any($2) or namespace_id = $3)',
  `select node_id from network.endpoint where tenant = $1
    union select e.node_id from network.policy_enforced e join wanted w on w.policy_id = e.policy_id`,
);
/** $1 policies. They are on every node. */
const platformSql = enforcementOf(
  "select policy_id from network.policy where tier = 'PLATFORM' and policy_id = any($1)",
  'select node_id from network.node_standing',
);

/** SQL. `wanted`: a query for policies; `nodes`: one for nodes that may have them, with `wanted` at hand. */
function enforcementOf(wanted: string, nodes: string): string {
  return `
  with wanted as materialized (${wanted}), nodes as materialized (${nodes}), standing as materialized (
    select * from (${policyStanding}) all_of_them
    where node_id in (select node_id from nodes) and policy_id in (select policy_id from wanted)
  )
  , stale as materialized (${stalePolicies('select node_id from nodes')})
  select w.policy_id as "policyId", s.node_id as "nodeId", s.revision, s.hash,
    s.applied_revision as "appliedRevision", s.generation, s.applied_generation as "appliedGeneration",
    s.standing, s.since, s.enforced and x.policy_id is null as enforced, e.enforced_at as "enforcedAt",
    (select min(f.first_enforced_at) from network.policy_enforced f where f.policy_id = w.policy_id) as "firstEnforcedAt"
  from wanted w
  left join standing s on s.policy_id = w.policy_id
  left join stale x on x.policy_id = s.policy_id and x.node_id = s.node_id
  left join network.policy_enforced e on e.policy_id = w.policy_id and e.node_id = s.node_id
  order by w.policy_id, s.node_id`;
}

export function stateOf(nodes: readonly Pick<NodeEnforcement, 'state'>[]): EnforcementState {
  if (nodes.some(({ state }) => state === 'FAILED')) return 'FAILED';
  const enforced = nodes.filter(({ state }) => state === 'ENFORCED').length;
  if (enforced === nodes.length) return 'ENFORCED';
  return enforced === 0 ? 'PENDING' : 'PARTIAL';
}

const text = (date: Date | null) => date?.toISOString() ?? null;

function onNode(row: Row<string>): NodeEnforcement[] {
  if (row.nodeId === null) return [];
  const { nodeId, revision, hash, appliedRevision, generation, appliedGeneration, standing } = row;
  const missing = standing === 'FAILING' ? 'FAILED' : 'PENDING';
  return [
    {
      ...{ nodeId, state: row.enforced ? 'ENFORCED' : missing, revision, hash, appliedRevision, generation },
      ...{ appliedGeneration, missingSince: row.enforced ? null : text(row.since), enforcedAt: text(row.enforcedAt) },
    },
  ];
}

export async function askEnforcement(
  pool: Pool,
  tenant: Id<'tenant'>,
  { of }: NetworkInput<'ReadEnforcement'>,
): Promise<Told<{ policies: PolicyEnforcement[] }>> {
  const { rows } = await pool.query<Row>(sql, [
    tenant,
    of.kind === 'POLICIES' ? of.policyIds : null,
    of.kind === 'NAMESPACE' ? of.namespaceId : null,
  ]);
  const policies = [...Map.groupBy(rows, (row) => row.policyId)].map(([policyId, own]): PolicyEnforcement => {
    const nodes = own.flatMap(onNode);
    return { policyId, state: stateOf(nodes), firstEnforcedAt: text(own[0]?.firstEnforcedAt ?? null), nodes };
  });
  return { ok: true, told: { policies } };
}

export async function askPlatformEnforcement(
  pool: Pool,
  platformPolicyIds: readonly Id<'platformPolicy'>[],
): Promise<PlatformEnforcement[]> {
  const { rows } = await pool.query<Row<Id<'platformPolicy'>>>(platformSql, [platformPolicyIds]);
  const policies = [...Map.groupBy(rows, (row) => row.policyId)];
  return policies.map(([policyId, own]) => {
    const nodes = own.flatMap(onNode);
    const firstEnforcedAt = text(own[0]?.firstEnforcedAt ?? null);
    return { platformPolicyId: policyId, state: stateOf(nodes), firstEnforcedAt, nodes };
  });
}
