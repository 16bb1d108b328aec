/**
 * Tells when nodes don't have the rules in force that they should, and when they do again: to the operator of the node, to each
 * tenant of its policies. Level-triggered: it compares what is with what was told last.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { metrics } from '@atoll/service/metrics';
import type { Pool } from 'pg';
import { Gauge } from 'prom-client';
import { enforcement, enforcementStream, type LagReason, nodeRules, nodeRulesStream } from '../domain/standing.ts';
import { policyStanding, stalePolicies } from '../nodes/policy-standing.ts';
import { originBecauseOf } from '../origin.ts';

/** Bounds of one run; what is left over is for the next one. */
const nodesPerRun = 500;
const policiesPerRun = 1000;

const lagSeconds = new Gauge({
  name: 'atoll_node_rules_lag_seconds',
  help: 'For how long the node that lags longest has not had the rules in force that it should',
  registers: [metrics],
});
const nodesByStanding = new Gauge({
  name: 'atoll_node_rules',
  help: 'Nodes by how their rules in force stand to those wanted',
  labelNames: ['standing'],
  registers: [metrics],
});

export interface LaggingOptions {
  readonly db: Pool;
  readonly store: EventStore;
  /** How long a node may take before it lags. */
  readonly lateAfterMs: number;
  /** How long it may say that it can't apply its rules: the next try is often better. */
  readonly refusedAfterMs: number;
  readonly caughtUp: () => Promise<void>;
  /** Asks for another run. */
  readonly again: () => void;
}

interface NodeRow {
  readonly nodeId: Id<'node'>;
  readonly standing: 'CURRENT' | 'BEHIND' | 'FAILING';
  readonly generation: number;
  readonly appliedGeneration: number | null;
  readonly message: string | null;
  readonly since: Date;
  /** It lags; else it is told no longer to. */
  readonly lags: boolean;
}

/** Nodes whose standing isn't what was told of them last. */
const nodesSql = `
  select s.node_id as "nodeId", s.standing, s.generation, s.applied_generation as "appliedGeneration",
    s.error_message as message, s.since, lag.lags
  from network.node_standing s
  left join network.node_lag l on l.node_id = s.node_id
  cross join lateral (
    select s.since is not null and s.since < now() - interval '1 millisecond' *
      case when s.standing = 'FAILING' then $2::integer else $1::integer end as lags
  ) lag
  where case
    -- Once it lags it does until it is current: a new error is no recovery.
    when lag.lags then l.node_id is null or l.message is distinct from s.error_message
    else l.node_id is not null and s.standing = 'CURRENT'
  end
  order by s.node_id limit $3`;

interface PolicyRow {
  readonly policyId: Id<'policy'>;
  readonly nodeId: Id<'node'>;
  readonly tenant: Tenant;
  readonly namespaceId: Id<'namespace'>;
  readonly reason: LagReason;
  readonly since: Date;
  readonly lags: boolean;
}

/** On nodes that lag or did: policies whose standing isn't what was told last. Platform policies are nobody's to be told of. */
const policiesSql = `
  with told as (
    select node_id, reason, since from network.node_lag
  ), owned as (
    select policy_id, tenant, namespace_id from network.policy where tier = 'TENANT'
    union all select policy_id, tenant, namespace_id from network.policy_withdrawal
  ), stale as materialized (
    ${stalePolicies('select node_id from network.node_lag')}
  ), now_lagging as (
    select s.policy_id, s.node_id, p.tenant, p.namespace_id, t.reason, t.since
    from told t
    join (${policyStanding}) s on s.node_id = t.node_id
    join owned p on p.policy_id = s.policy_id
    left join stale x on x.policy_id = s.policy_id and x.node_id = s.node_id
    where not s.enforced or x.policy_id is not null
  )
  select coalesce(n.policy_id, l.policy_id) as "policyId", coalesce(n.node_id, l.node_id) as "nodeId",
    coalesce(n.tenant, l.tenant) as tenant, coalesce(n.namespace_id, l.namespace_id) as "namespaceId",
    coalesce(n.reason, l.reason) as reason, coalesce(n.since, l.since) as since, n.policy_id is not null as lags
  from now_lagging n
  full join network.policy_lag l on l.policy_id = n.policy_id and l.node_id = n.node_id
  where n.policy_id is null or l.policy_id is null or n.reason <> l.reason
  order by 1, 2 limit $1`;

const reasonOf = ({ standing }: NodeRow): LagReason => (standing === 'FAILING' ? 'REFUSED' : 'LATE');
const of = (tenant: Tenant) => originBecauseOf({ tenant, cause: null, correlation: 'standing', traceparent: null });

async function tellNodes({ db, store, lateAfterMs, refusedAfterMs }: LaggingOptions): Promise<number> {
  const { rows } = await db.query<NodeRow>(nodesSql, [lateAfterMs, refusedAfterMs, nodesPerRun]);
  for (const row of rows) {
    const { nodeId, generation, appliedGeneration, message } = row;
    const lag = { nodeId, generation, appliedGeneration, message, reason: reasonOf(row) };
    const outcome = await handleCommand(store, {
      decider: nodeRules,
      stream: nodeRulesStream(nodeId),
      command: row.lags
        ? { kind: 'lag', told: { ...lag, since: row.since.toISOString() } }
        : { kind: 'catchUp', told: { nodeId, generation } },
      origin: of(PLATFORM),
    });
    if (!outcome.ok) throw new Error(`${nodeId}: ${outcome.rejection.message}`);
  }
  return rows.length;
}

async function tellPolicies({ db, store }: LaggingOptions): Promise<number> {
  const { rows } = await db.query<PolicyRow>(policiesSql, [policiesPerRun]);
  const byPolicy = Map.groupBy(rows, (row) => row.policyId);
  await Promise.all(
    [...byPolicy.values()].map(async (own) => {
      // One after the other: they are of one stream.
      for (const { policyId, nodeId, namespaceId, tenant, reason, since, lags } of own) {
        const policy = { policyId, namespaceId, nodeId };
        const outcome = await handleCommand(store, {
          decider: enforcement,
          stream: enforcementStream(policyId),
          command: lags
            ? { kind: 'lag', told: { ...policy, reason, since: since.toISOString() } }
            : { kind: 'catchUp', told: policy },
          origin: of(tenant),
        });
        if (!outcome.ok) throw new Error(`${policyId} on ${nodeId}: ${outcome.rejection.message}`);
      }
    }),
  );
  return rows.length;
}

/** Once every node has what is wanted, what was deleted is in force nowhere. */
async function forgetWithdrawn(db: Pool): Promise<void> {
  await db.query(
    `delete from network.policy_withdrawal
     where not exists (select from network.node_standing where standing <> 'CURRENT')`,
  );
}

async function measure(db: Pool): Promise<void> {
  const { rows } = await db.query<{ standing: NodeRow['standing']; count: number; seconds: number | null }>(
    `select standing, count(*)::integer as count, extract(epoch from max(now() - since))::float8 as seconds
     from network.node_standing group by standing`,
  );
  const counts = new Map(rows.map((row) => [row.standing, row.count]));
  for (const standing of ['CURRENT', 'BEHIND', 'FAILING'] as const)
    nodesByStanding.set({ standing }, counts.get(standing) ?? 0);
  lagSeconds.set(Math.max(0, ...rows.map((row) => row.seconds ?? 0)));
}

export async function reconcileLagging(options: LaggingOptions): Promise<void> {
  // What the last run told must be in the tables, or this one would tell it again (to no effect, but for nothing).
  await options.caughtUp();
  await measure(options.db);
  const nodes = await tellNodes(options);
  if (nodes > 0) await options.caughtUp();
  const policies = await tellPolicies(options);
  await forgetWithdrawn(options.db);
  if (nodes === nodesPerRun || policies === policiesPerRun) options.again();
}
