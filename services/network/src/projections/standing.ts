/** What was told of nodes and policies that lag. */
import type { PoolClient } from 'pg';
import type { NetworkRecord } from './record.ts';

export type StandingRecord = NetworkRecord<
  'NodeRulesLagging' | 'NodeRulesCaughtUp' | 'PolicyLagging' | 'PolicyCaughtUp'
>;

/** Until no node can have it in force any more, its tenant is told where it still is. */
export async function withdrawPolicy(tx: PoolClient, { data, tenant }: NetworkRecord<'IsolationPolicyDeleted'>) {
  await tx.query(
    `insert into network.policy_withdrawal (policy_id, tenant, namespace_id) values ($1, $2, $3) on conflict do nothing`,
    [data.policyId, tenant, data.namespaceId],
  );
}

export async function applyStanding(tx: PoolClient, record: StandingRecord): Promise<void> {
  switch (record.type) {
    case 'NodeRulesLagging': {
      const { nodeId, reason, message, since } = record.data;
      await tx.query(
        `insert into network.node_lag (node_id, reason, message, since) values ($1, $2, $3, $4)
         on conflict (node_id) do update set
           reason = excluded.reason, message = excluded.message, since = excluded.since`,
        [nodeId, reason, message, since],
      );
      return;
    }
    case 'NodeRulesCaughtUp':
      await tx.query('delete from network.node_lag where node_id = $1', [record.data.nodeId]);
      return;
    case 'PolicyLagging': {
      const { policyId, namespaceId, nodeId, reason, since } = record.data;
      await tx.query(
        `insert into network.policy_lag (policy_id, node_id, tenant, namespace_id, reason, since)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (policy_id, node_id) do update set reason = excluded.reason, since = excluded.since`,
        [policyId, nodeId, record.tenant, namespaceId, reason, since],
      );
      return;
    }
    case 'PolicyCaughtUp':
      await tx.query('delete from network.policy_lag where policy_id = $1 and node_id = $2', [
        record.data.policyId,
        record.data.nodeId,
      ]);
      return;
    default:
      record satisfies never;
  }
}
