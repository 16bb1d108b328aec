/** What the platform has recorded, straight from its database. */
import { contexts } from '@atoll/schema/contexts';
import { Client } from 'pg';
import type { Ready } from './ready.ts';

/** A connection for one question, so that a test that kills the database has none to lose. */
async function ask<Row extends object>(ready: Ready, sql: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString: ready.databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** How many events each context has. Unchanged: nothing happened. */
export async function eventCounts(ready: Ready): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const context of contexts) {
    const [row] = await ask<{ n: string }>(ready, `select count(*) as n from ${context}.event`);
    counts[context] = Number(row?.n);
  }
  return counts;
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
