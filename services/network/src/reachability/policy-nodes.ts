/** Which nodes have which policies. */
import type { Id } from '@atoll/schema/ids';
import { policyStanding } from '../nodes/policy-standing.ts';

export interface PolicyNode<P extends string = Id<'policy'>> {
  readonly policyId: P;
  /** Null: no node has it. */
  readonly nodeId: Id<'node'> | null;
}

/** SQL, with $1 tenant. `wanted`: a query for policies of it, by `policy_id`. Only nodes that have or had its instances are looked at. */
export const nodesOfPolicies = (wanted: string) =>
  nodesAmong(
    wanted,
    `select node_id from network.endpoint where tenant = $1
     union select e.node_id from network.policy_enforced e join wanted w on w.policy_id = e.policy_id`,
  );

/** SQL. `wanted`: a query for policies of the platform, by `policy_id`. They are on every node. */
export const nodesOfPlatformPolicies = (wanted: string) =>
  nodesAmong(wanted, 'select node_id from network.node_standing');

const nodesAmong = (wanted: string, nodes: string) => `
  with wanted as materialized (${wanted}), nodes as materialized (${nodes})
  select w.policy_id as "policyId", s.node_id as "nodeId"
  from wanted w
  left join (
    select * from (${policyStanding}) all_of_them
    where node_id in (select node_id from nodes) and applied_revision is not null
  ) s on s.policy_id = w.policy_id
  order by 1, 2`;
