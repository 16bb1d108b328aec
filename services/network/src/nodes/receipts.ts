/** What a report proves: endpoints that are secured by it, and policies that are newly in force. */
import type { Id } from '@atoll/schema/ids';
import { agentSilentSeconds, contested } from '@atoll/schema/node/agents';
import type { NetworkReport } from '@atoll/schema/node/network';
import type { Pool } from 'pg';
import type { Because } from '../origin.ts';

type Applied = NonNullable<NetworkReport['applied']>;

/** Whether that generation was served with that hash. */
export async function wasServed(pool: Pool, nodeId: Id<'node'>, applied: Applied): Promise<boolean> {
  const { rowCount } = await pool.query(
    'select from network.node_generation where node_id = $1 and generation = $2 and hash = $3',
    [nodeId, applied.generation, applied.hash],
  );
  return rowCount === 1;
}

/** Stores what the node says. An applied generation never goes back by a report that overtook another. */
export async function storeReport(
  pool: Pool,
  nodeId: Id<'node'>,
  applied: Applied | null,
  error: NetworkReport['error'],
  outside: boolean,
): Promise<void> {
  await pool.query(
    `insert into network.node_applied
       (node_id, generation, hash, reported_at, error_generation, error_message, error_since, outside)
     values ($1, $2, $3, now(), $4, $5, case when $5::text is not null then now() end, $6)
     on conflict (node_id) do update set
       generation = case when excluded.generation >= coalesce(node_applied.generation, 0)
         then excluded.generation else node_applied.generation end,
       hash = case when excluded.generation >= coalesce(node_applied.generation, 0)
         then excluded.hash else node_applied.hash end,
       reported_at = excluded.reported_at,
       outside = excluded.outside,
       error_generation = excluded.error_generation,
       error_message = excluded.error_message,
       error_since = case when excluded.error_message is not null
         then coalesce(node_applied.error_since, excluded.error_since) end`,
    [
      ...[nodeId, applied?.generation ?? null, applied?.hash ?? null],
      ...[error?.generation ?? null, error?.message ?? null, outside],
    ],
  );
}

/** Whether the node has confirmed something that it hadn't before: addresses may be free by it. */
export async function isProgress(pool: Pool, nodeId: Id<'node'>, generation: number): Promise<boolean> {
  const { rowCount } = await pool.query('select from network.node_applied where node_id = $1 and generation >= $2', [
    nodeId,
    generation,
  ]);
  return rowCount === 0;
}

export interface UnsecuredEndpoint extends Because {
  readonly instanceId: Id<'instance'>;
}

/** Endpoints of the node that are in its rules since that generation or an earlier one. */
export async function unsecuredEndpoints(
  pool: Pool,
  nodeId: Id<'node'>,
  generation: number,
): Promise<UnsecuredEndpoint[]> {
  const { rows } = await pool.query<UnsecuredEndpoint>(
    `select e.instance_id as "instanceId", e.tenant, e.cause, e.correlation, e.traceparent
     from network.endpoint e
     join network.node_part p on p.node_id = e.node_id and p.list = 'endpoints' and p.key = e.instance_id
     where e.node_id = $1 and e.status = 'allocated' and not p.gone and p.since <= $2`,
    [nodeId, generation],
  );
  return rows;
}

interface OfTenant {
  readonly tier: 'TENANT';
  readonly policyId: Id<'policy'>;
  readonly namespaceId: Id<'namespace'>;
}
interface OfPlatform {
  readonly tier: 'PLATFORM';
  readonly policyId: Id<'platformPolicy'>;
}
export type NewlyEnforced = Because & (OfTenant | OfPlatform) & { readonly revision: number; readonly hash: string };

/** Policies that are in the node's rules as they are now, since that generation or an earlier one, and not known to be in force on it. */
export async function newlyEnforced(pool: Pool, nodeId: Id<'node'>, generation: number): Promise<NewlyEnforced[]> {
  const { rows } = await pool.query<NewlyEnforced>(
    `select p.tier, p.policy_id as "policyId", p.namespace_id as "namespaceId", (s.value ->> 'revision')::integer as revision,
            s.value ->> 'hash' as hash, p.tenant, p.cause, p.correlation, p.traceparent
     from network.node_part s
     join network.policy p on p.policy_id = s.key
     left join network.policy_enforced e on e.policy_id = s.key and e.node_id = s.node_id
     where s.node_id = $1 and s.list = 'policies' and not s.gone and s.generation <= $2
       and s.generation > coalesce((select generation from network.node_applied where node_id = $1), 0)
       and coalesce(e.revision, 0) < (s.value ->> 'revision')::integer`,
    [nodeId, generation],
  );
  return rows;
}

/** Why the report isn't taken: another agent speaks for the node. Null where this one does, from now on. */
export async function anotherAgent(
  pool: Pool,
  { nodeId, agent }: Pick<NetworkReport, 'nodeId' | 'agent'>,
): Promise<string | null> {
  if (agent === undefined) return null;
  const { rows } = await pool.query<{ host: string; seconds: number }>({
    name: 'network-other-agent',
    text: `
      with heard as (
        insert into network.node_agent as a (node_id, agent_id, agent_host, heard_at) values ($1, $2, $3, clock_timestamp())
        on conflict (node_id) do update set
          agent_id = excluded.agent_id, agent_host = excluded.agent_host, heard_at = excluded.heard_at
        where a.agent_id = excluded.agent_id or a.heard_at < clock_timestamp() - make_interval(secs => $4)
        returning node_id
      )
      select agent_host as host, extract(epoch from clock_timestamp() - heard_at)::float8 as seconds
      from network.node_agent where node_id = $1 and not exists (select from heard)`,
    values: [nodeId, agent.id, agent.host, agentSilentSeconds],
  });
  return rows[0] === undefined ? null : contested(nodeId, rows[0]);
}
