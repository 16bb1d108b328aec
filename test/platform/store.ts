/** What the platform has recorded, straight from its database. */
import { contexts } from '@atoll/schema/contexts';
import { Client } from 'pg';
import type { Ready } from './ready.ts';

/** A connection for one question, so that a test that kills the database has none to lose. */
async function ask<Row extends object>(ready: Ready, sql: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString: ready.databaseUrl, connectionTimeoutMillis: 20_000 });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/**
 * How many events each context has. Unchanged: nothing happened. Room in the quotas is kept while a request is judged, and
 * given back where it is refused: that is none of what happened, and `reserved` says whether any is left.
 */
export async function eventCounts(ready: Ready): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const kept = `type not in ('QuotaReserved', 'QuotaReservationEnded')`;
  for (const context of contexts) {
    const [row] = await ask<{ n: string }>(ready, `select count(*) as n from ${context}.event where ${kept}`);
    counts[context] = Number(row?.n);
  }
  return counts;
}

/** Reservations of quota that are neither used nor given back. */
export async function reserved(ready: Ready): Promise<number> {
  const [row] = await ask<{ n: string }>(
    ready,
    `select count(*) as n from tenancy.event made where type = 'QuotaReserved' and not exists (
       select from tenancy.event ended where ended.stream = made.stream
       and ended.type in ('QuotaCommitted', 'QuotaReservationEnded')
       and ended.data ->> 'reservationId' = made.data ->> 'reservationId')`,
  );
  return Number(row?.n);
}

/** Places where a log isn't contiguous, or tells an event twice: none, if nothing was lost or doubled. */
export async function faultsOfLogs(ready: Ready): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const context of contexts) {
    const [row] = await ask<{ n: string; max: string; streams: string }>(
      ready,
      `select count(*) as n, coalesce(max(position), 0) as max,
        (select count(*) from (
          select from ${context}.event group by stream having count(*) <> max(version) or min(version) <> 1
        ) broken) as streams
      from ${context}.event`,
    );
    if (row?.n !== row?.max) faults.push(`${context}: ${row?.n} events, and the last position is ${row?.max}`);
    if (row?.streams !== '0') faults.push(`${context}: ${row?.streams} streams have gaps`);
  }
  const logs = await ask<{ tenant_id: string; n: string; max: string; events: string }>(
    ready,
    `select tenant_id, count(*) as n, max(cursor) as max, count(distinct event_id) as events
    from read.tenant_log group by tenant_id`,
  );
  for (const { tenant_id, n, max, events } of logs) {
    if (n !== max) faults.push(`log of ${tenant_id}: ${n} records, and the last cursor is ${max}`);
    if (n !== events) faults.push(`log of ${tenant_id}: ${n} records of ${events} events`);
  }
  return faults;
}

/**
 * Events that are in a context's store and not in the logs, or the other way round, once the gateway has caught up. What
 * the gateway itself tells there, of requests, is in no context's store.
 */
export async function untold(ready: Ready): Promise<number> {
  const union = contexts.map((context) => `select id from ${context}.event`).join(' union all ');
  const [row] = await ask<{ n: string }>(
    ready,
    `select count(*) as n from (${union}) stored
    full join (select event_id from read.tenant_log where type not like 'audit.%') told on told.event_id = stored.id
    where stored.id is null or told.event_id is null`,
  );
  return Number(row?.n);
}

/** Rows and claims of what was deleted, by table: none, if nothing was left over. */
export async function leftOf(
  ready: Ready,
  {
    tenant = '',
    environmentId = '',
    namespaceIds,
  }: { tenant?: string; environmentId?: string; namespaceIds: string[] },
): Promise<Readonly<Record<string, number>>> {
  const ids = [tenant, environmentId, ...namespaceIds].filter((id) => id !== '');
  const columns = await ask<{ schema: string; name: string; columns: string[] }>(
    ready,
    `select table_schema as schema, table_name as name, array_agg(column_name::text) as columns
     from information_schema.columns
     where table_schema in ('tenancy', 'deploy', 'network', 'read')
       and column_name in ('tenant', 'tenant_id', 'environment_id', 'namespace_id', 'key', 'owner')
       and table_name not in ('event', 'idempotency', 'snapshot', 'subject_key', 'tenant_log', 'tenant_log_head',
         'tenant_log_waiting', 'audit_entry', 'deletion', 'claim_total', 'resource_change', 'access_change')
     group by 1, 2`,
  );
  const left: Record<string, number> = {};
  const list = ids.map((id) => `'${id}'`).join(', ');
  for (const { schema, name, columns: all } of columns) {
    // A tenant's id is what everything of its other environments has, too.
    const where = all
      .filter((column) => tenant !== '' || !column.startsWith('tenant'))
      .map((column) => `${column} in (${list}) or ${ids.map((id) => `${column}::text like '%${id}%'`).join(' or ')}`);
    const drained = schema === 'deploy' && name === 'namespace' ? `and status <> 'DRAINED'` : '';
    const requests = name.startsWith('claim_') ? `and claim_set <> 'tenant-request'` : '';
    // The log of a tenant that stays tells of namespaces that are gone, and where they were.
    if (where.length === 0 || (tenant === '' && name === 'namespace_home')) continue;
    const [row] = await ask<{ n: number }>(
      ready,
      `select count(*)::integer as n from ${schema}.${name} where (${where.join(' or ')}) ${drained} ${requests}`,
    );
    if ((row?.n ?? 0) > 0) left[`${schema}.${name}`] = row?.n ?? 0;
  }
  return left;
}

/** How far each step of a deletion was whenever that was told, e.g. `VERIFY 0/1`; each once. */
export async function progressTold(ready: Ready, deletionId: string): Promise<string[]> {
  const rows = await ask<{ step: string }>(
    ready,
    `select distinct format('%s %s/%s', step ->> 'name', step ->> 'done', step ->> 'total') as step
     from tenancy.event, jsonb_array_elements(coalesce(data::jsonb -> 'steps', '[]')) step
     where stream = 'deletion:${deletionId}' and type like 'Deletion%'`,
  );
  return rows.map(({ step }) => step);
}

/** Environments that promote to one of these, as deploy knows it by now. */
export async function sourcesOf(ready: Ready, environmentIds: readonly string[]): Promise<string[]> {
  const rows = await ask<{ sources: string[] | null }>(
    ready,
    `select distinct on (stream) data -> 'sources' as sources from deploy.event
     where type in ('EnvironmentRulesAdopted', 'EnvironmentRulesDropped') and stream in (${environmentIds.map((id) => `'environment:${id}'`).join(', ')})
     order by stream, version desc`,
  );
  return rows.flatMap(({ sources }) => sources ?? []);
}

/** Namespaces that an environment has or had. */
export async function namespacesEver(ready: Ready, environmentId: string): Promise<string[]> {
  const rows = await ask<{ id: string }>(
    ready,
    `select data ->> 'namespaceId' as id from tenancy.event
     where type = 'NamespaceCreated' and data ->> 'environmentId' = '${environmentId}' order by 1`,
  );
  return rows.map(({ id }) => id);
}

/** Instances of the namespaces that a node still has in its document. */
export async function runningOn(ready: Ready, namespaceIds: readonly string[]): Promise<readonly string[]> {
  const list = namespaceIds.map((id) => `'${id}'`).join(', ');
  const rows = await ask<{ id: string }>(
    ready,
    `select instance_id as id from deploy.instance where namespace_id in (${list})`,
  );
  return rows.map(({ id }) => id);
}

/** Tenants none of whose policies is in any rule. */
export async function isolatedTenants(ready: Ready): Promise<readonly string[]> {
  const rows = await ask<{ tenant: string }>(ready, 'select tenant from network.isolated_tenant');
  return rows.map(({ tenant }) => tenant);
}
