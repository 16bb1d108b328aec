/** Writes a batch of changes: one statement for each kind of row, whatever the size of the batch. */
import { maxTraces } from '@atoll/schema/node/trace';
import type { PoolClient } from 'pg';
import type { Changes } from './changes.ts';

/**
 * Statements take their rows as one JSON array, `$1`. They run in this order. Tables are named without schema: a rebuild
 * lets the same statements write into a new version of them.
 */
const statements = {
  nodes: `
    insert into node (node_id, name, runtime, cpu_millis, memory_mib, max_instances)
    select node_id, name, runtime, cpu_millis, memory_mib, max_instances
    from jsonb_to_recordset($1) as n (node_id text, name text, runtime text, cpu_millis int, memory_mib int, max_instances int)
    on conflict (node_id) do update set
      name = excluded.name, runtime = excluded.runtime, cpu_millis = excluded.cpu_millis,
      memory_mib = excluded.memory_mib, max_instances = excluded.max_instances`,
  readiness: `
    update node n set ready = r.reason is null, reason = r.reason, lost = r.lost
    from jsonb_to_recordset($1) as r (node_id text, reason text, lost boolean) where r.node_id = n.node_id`,
  pools: `
    insert into pool (pool_id, name, revision, terms)
    select pool_id, name, revision, terms
    from jsonb_to_recordset($1) as p (pool_id text, name text, revision int, terms jsonb)
    on conflict (pool_id) do update set name = excluded.name, revision = excluded.revision, terms = excluded.terms`,
  poolsGone: `delete from pool where pool_id in (select jsonb_array_elements_text($1))`,
  places: `
    insert into node_place (node_id, pool_id, zone, labels)
    select node_id, pool_id, zone, labels
    from jsonb_to_recordset($1) as p (node_id text, pool_id text, zone text, labels jsonb)
    on conflict (node_id) do update set pool_id = excluded.pool_id, zone = excluded.zone, labels = excluded.labels`,
  duties: `
    insert into node_duty (node_id, duty, note)
    select node_id, duty, note from jsonb_to_recordset($1) as d (node_id text, duty text, note text)
    on conflict (node_id) do update set duty = excluded.duty, note = excluded.note`,
  told: `
    insert into node_told (node_id, revision)
    select node_id, revision from jsonb_to_recordset($1) as t (node_id text, revision int)
    on conflict (node_id) do update set revision = excluded.revision`,
  documents: `
    insert into node_document as d (node_id, generation, traces)
    select node_id, generation, traces from jsonb_to_recordset($1) as n (node_id text, generation bigint, traces jsonb)
    on conflict (node_id) do update set
      generation = excluded.generation, traces = jsonb_path_query_array(excluded.traces || d.traces, '$[0 to ${maxTraces - 1}]')`,
  namespaces: `
    insert into namespace (namespace_id, tenant, status, environment_id, correlation, traceparent, cause)
    select namespace_id, tenant, status, environment_id, correlation, traceparent, cause
    from jsonb_to_recordset($1) as n (namespace_id text, tenant text, status text, environment_id text,
      correlation text, traceparent text, cause text)
    on conflict (namespace_id) do update set
      environment_id = coalesce(excluded.environment_id, namespace.environment_id), status = excluded.status, correlation = excluded.correlation, traceparent = excluded.traceparent, cause = excluded.cause`,
  environments: `
    insert into environment (environment_id, tenant)
    select environment_id, tenant from jsonb_to_recordset($1) as e (environment_id text, tenant text)
    on conflict do nothing`,
  proven: `
    insert into image_ran (environment_id, digest)
    select n.environment_id, p.digest
    from jsonb_to_recordset($1) as p (namespace_id text, digest text) join namespace n using (namespace_id)
    where n.environment_id is not null
    on conflict do nothing`,
  deployments: `
    insert into deployment (deployment_id, tenant, namespace_id, name, version, correlation, traceparent, cause)
    select deployment_id, tenant, namespace_id, name, version, correlation, traceparent, cause
    from jsonb_to_recordset($1) as d
      (deployment_id text, tenant text, namespace_id text, name text, version int, correlation text, traceparent text, cause text)`,
  deploymentChanges: `
    update deployment d set
      version = c.version,
      deleting = coalesce(c.deleting, d.deleting),
      blocked = coalesce(c.blocked, d.blocked),
      placement = coalesce(c.placement, d.placement),
      fenced = coalesce(c.fenced, d.fenced),
      labels = coalesce(c.labels, d.labels),
      correlation = case when c.cause is null then d.correlation else c.correlation end,
      traceparent = case when c.cause is null then d.traceparent else c.traceparent end,
      cause = coalesce(c.cause, d.cause),
      deadline_at = case
        when c.rollout ? 'deadline_at' then (c.rollout ->> 'deadline_at')::timestamptz else d.deadline_at end,
      due_at = case when c.rollout ? 'due_at' then (c.rollout ->> 'due_at')::timestamptz else d.due_at end,
      failed_rollout_id = case
        when c.rollout ? 'failed_rollout_id' then c.rollout ->> 'failed_rollout_id' else d.failed_rollout_id end,
      answer = case when c.rollout ? 'answer' then c.rollout ->> 'answer' else d.answer end
    from jsonb_to_recordset($1) as c (deployment_id text, version int, deleting boolean, blocked boolean,
      placement jsonb, fenced boolean, labels jsonb, correlation text, traceparent text, cause text, rollout jsonb)
    where c.deployment_id = d.deployment_id`,
  rollouts: `
    insert into rollout as r (rollout_id, deployment_id, status, message)
    select rollout_id, deployment_id, status, message
    from jsonb_to_recordset($1) as n (rollout_id text, deployment_id text, status text, message text)
    on conflict (rollout_id) do update set status = excluded.status,
      message = case when excluded.status = 'RUNNING' then null else coalesce(excluded.message, r.message) end`,
  batches: `
    insert into batch (batch_id, tenant, actor, correlation, traceparent, cause)
    select batch_id, tenant, actor, correlation, traceparent, cause
    from jsonb_to_recordset($1) as b (batch_id text, tenant text, actor text, correlation text, traceparent text, cause text)`,
  batchesOver: `delete from batch where batch_id in (select jsonb_array_elements_text($1))`,
  releases: `
    insert into release (release_id, deployment_id, spec)
    select release_id, deployment_id, spec from jsonb_to_recordset($1) as r (release_id text, deployment_id text, spec jsonb)`,
  instances: `
    insert into instance (instance_id, tenant, namespace_id, deployment_id, release_id, node_id, phase, traceparent)
    select instance_id, tenant, namespace_id, deployment_id, release_id, node_id, 'PLACED', traceparent
    from jsonb_to_recordset($1) as i (instance_id text, tenant text, namespace_id text, deployment_id text,
      release_id text, node_id text, traceparent text)`,
  conditions: `
    update instance i set phase = c.phase, reason = c.reason, message = c.message
    from jsonb_to_recordset($1) as c (instance_id text, phase text, reason text, message text)
    where c.instance_id = i.instance_id`,
  leaving: `
    update instance i set leaving = l.leaving
    from jsonb_to_recordset($1) as l (instance_id text, leaving boolean) where l.instance_id = i.instance_id`,
  stops: `
    update instance i set stopping = s.stopping, stop_generation = s.stop_generation
    from jsonb_to_recordset($1) as s (instance_id text, stopping text, stop_generation bigint)
    where s.instance_id = i.instance_id`,
  instancesGone: `
    delete from instance where instance_id in (select jsonb_array_elements_text($1))`,
  deploymentsGone: `
    with gone as (select jsonb_array_elements_text($1) as deployment_id),
      releases as (delete from release where deployment_id in (select deployment_id from gone)),
      rollouts as (delete from rollout where deployment_id in (select deployment_id from gone))
    delete from deployment where deployment_id in (select deployment_id from gone)`,
  environmentsGone: `
    with gone as (select jsonb_array_elements_text($1) as environment_id),
      ran as (delete from image_ran where environment_id in (select environment_id from gone)),
      drained as (delete from namespace where environment_id in (select environment_id from gone) and status = 'DRAINED')
    delete from environment where environment_id in (select environment_id from gone)`,
  capacity: `update capacity set position = (($1::jsonb) ->> 0)::bigint`,
} as const;
type Kind = keyof typeof statements;

/** All tables that these statements write, and what is in them before the first event. */
export const tables = [
  'node',
  'pool',
  'node_place',
  'node_duty',
  'node_told',
  'node_document',
  'namespace',
  'deployment',
  'release',
  'rollout',
  'batch',
  'instance',
  'capacity',
  'environment',
  'image_ran',
] as const;
export const seed = 'insert into capacity (position) values (0)';

export async function writeChanges(tx: PoolClient, changes: Changes): Promise<void> {
  const rows = rowsOf(changes);
  for (const kind of Object.keys(statements) as Kind[]) {
    if (rows[kind].length === 0) continue;
    await tx.query({ name: `deploy-${kind}`, text: statements[kind], values: [JSON.stringify(rows[kind])] });
  }
}

const newestTraces = (traces: ReadonlyMap<string, number> = new Map()) =>
  [...traces]
    .map(([traceparent, generation]) => ({ generation, traceparent }))
    .sort((a, b) => b.generation - a.generation)
    .slice(0, maxTraces);

const rowsOf = (changes: Changes): Record<Kind, readonly unknown[]> => ({
  nodes: [...changes.nodes.values()],
  readiness: [...changes.readiness].map(([node_id, one]) => ({ node_id, ...one })),
  pools: [...changes.pools.values()],
  poolsGone: [...changes.poolsGone],
  places: [...changes.places].map(([node_id, place]) => ({ node_id, ...place })),
  duties: [...changes.duties].map(([node_id, duty]) => ({ node_id, ...duty })),
  told: [...changes.told].map(([node_id, revision]) => ({ node_id, revision })),
  documents: [...changes.documents].map(([node_id, generation]) => ({
    node_id,
    generation,
    traces: newestTraces(changes.traces.get(node_id)),
  })),
  namespaces: [...changes.namespaces.values()],
  environments: [...changes.environments.values()],
  proven: changes.proven,
  deployments: [...changes.deployments.values()].map((row) => ({
    ...row,
    ...changes.deploymentChanges.get(row.deployment_id)?.request,
    version: changes.deploymentChanges.get(row.deployment_id)?.version,
  })),
  deploymentChanges: [...changes.deploymentChanges].map(([deployment_id, { request, ...change }]) => ({
    deployment_id,
    ...change,
    ...request,
  })),
  rollouts: [...changes.rollouts].map(([rollout_id, row]) => ({ rollout_id, ...row })),
  batches: [...changes.batches].map(([batch_id, row]) => ({ batch_id, ...row })),
  batchesOver: [...changes.batchesOver],
  releases: [...changes.releases].map(([release_id, release]) => ({ release_id, ...release })),
  instances: [...changes.instances.values()],
  conditions: [...changes.conditions].map(([instance_id, condition]) => ({ instance_id, ...condition })),
  leaving: [...changes.leaving].map(([instance_id, leaving]) => ({ instance_id, leaving })),
  stops: [...changes.stops].map(([instance_id, stop]) => ({ instance_id, ...stop })),
  instancesGone: [...changes.instancesGone],
  deploymentsGone: [...changes.deploymentsGone],
  environmentsGone: [...changes.environmentsGone],
  capacity: changes.capacity === null ? [] : [changes.capacity],
});
