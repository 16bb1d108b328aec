/** What a report proves: endpoints that are secured by it, and policies that are newly in force. */
import type { Id } from '@atoll/schema/ids';
import type { NetworkReport, RuleSet } from '@atoll/schema/node/network';
import type { Pool } from 'pg';
import type { Because } from '../origin.ts';

type Applied = NonNullable<NetworkReport['applied']>;
type Policies = RuleSet['policies'];

/** The policies of a generation that was served with that hash; null where no such one is known. */
export async function servedGeneration(pool: Pool, nodeId: Id<'node'>, applied: Applied): Promise<Policies | null> {
  const { rows } = await pool.query<{ policies: Policies }>(
    'select policies from network.node_generation where node_id = $1 and generation = $2 and hash = $3',
    [nodeId, applied.generation, applied.hash],
  );
  return rows[0]?.policies ?? null;
}

/** Stores what the node says. An applied generation never goes back by a report that overtook another. */
export async function storeReport(
  pool: Pool,
  nodeId: Id<'node'>,
  applied: Applied | null,
  error: NetworkReport['error'],
): Promise<void> {
  await pool.query(
    `insert into network.node_applied
       (node_id, generation, hash, reported_at, error_generation, error_message, error_since)
     values ($1, $2, $3, now(), $4, $5, case when $5::text is not null then now() end)
     on conflict (node_id) do update set
       generation = case when excluded.generation >= coalesce(node_applied.generation, 0)
         then excluded.generation else node_applied.generation end,
       hash = case when excluded.generation >= coalesce(node_applied.generation, 0)
         then excluded.hash else node_applied.hash end,
       reported_at = excluded.reported_at,
       error_generation = excluded.error_generation,
       error_message = excluded.error_message,
       error_since = case when excluded.error_message is not null
         then coalesce(node_applied.error_since, excluded.error_since) end`,
    [nodeId, applied?.generation ?? null, applied?.hash ?? null, error?.generation ?? null, error?.message ?? null],
  );
}

/** Addresses that left the rules and are confirmed to be gone from the node. Answers how many. */
export async function confirmRemovals(pool: Pool, nodeId: Id<'node'>, generation: number): Promise<number> {
  const { rowCount } = await pool.query('delete from network.node_removal where node_id = $1 and generation <= $2', [
    nodeId,
    generation,
  ]);
  return rowCount ?? 0;
}

export interface UnsecuredEndpoint extends Because {
  readonly instanceId: Id<'instance'>;
}

/** Endpoints of the node that were allocated at or before the generation: its rules contain them. */
export async function unsecuredEndpoints(
  pool: Pool,
  nodeId: Id<'node'>,
  generation: number,
): Promise<UnsecuredEndpoint[]> {
  const { rows } = await pool.query<UnsecuredEndpoint>(
    `select instance_id as "instanceId", tenant, cause, correlation, traceparent from network.endpoint
     where node_id = $1 and status = 'allocated' and position <= $2`,
    [nodeId, generation],
  );
  return rows;
}

export interface NewlyEnforced extends Because {
  readonly policyId: Id<'policy'>;
  readonly namespaceId: Id<'namespace'>;
  readonly revision: number;
  readonly hash: string;
}

/** Policies of the generation, at a revision that isn't known to have been in force on the node. */
export async function newlyEnforced(pool: Pool, nodeId: Id<'node'>, policies: Policies): Promise<NewlyEnforced[]> {
  if (policies.length === 0) return [];
  const { rows } = await pool.query<NewlyEnforced>(
    `select p.policy_id as "policyId", p.namespace_id as "namespaceId", s.revision, s.hash,
            p.tenant, p.cause, p.correlation, p.traceparent
     from unnest($2::text[], $3::integer[], $4::text[]) as s (policy_id, revision, hash)
     join network.policy p on p.policy_id = s.policy_id and p.tier = 'TENANT'
     left join network.policy_enforced e on e.policy_id = s.policy_id and e.node_id = $1
     where coalesce(e.revision, 0) < s.revision`,
    [
      nodeId,
      policies.map((policy) => policy.policyId),
      policies.map((policy) => policy.revision),
      policies.map((policy) => policy.hash),
    ],
  );
  return rows;
}
