/** The tenants' logs: written in the transaction of the projections, so that what is told is there to be read. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';
import { instant } from './effects.ts';
import { toldData } from './redact.ts';

/** Newest cursor by tenant. */
export type Heads = ReadonlyMap<string, number>;

/** Contiguous per tenant, an event once, whatever is replayed. Whoever calls holds the lock of the projections. */
const appendSql = `
  with told as (
    select * from json_to_recordset($1) as told(
      place integer, tenant_id text, event_id text, type text, resource_id text, time text, actor text, cause text,
      correlation text, data json
    )
  ),
  fresh as (
    select *,
      row_number() over (partition by tenant_id order by place) as nth,
      count(*) over (partition by tenant_id) as total
    from told
    where not exists(select from read.tenant_log l where l.event_id = told.event_id)
  ),
  heads as (
    insert into read.tenant_log_head as head (tenant_id, cursor)
    select tenant_id, max(total) from fresh group by tenant_id
    on conflict (tenant_id) do update set cursor = head.cursor + excluded.cursor
    returning tenant_id, cursor
  ),
  written as (
    insert into read.tenant_log
      (tenant_id, cursor, event_id, type, resource_id, time, actor, cause, correlation, data)
    select tenant_id, heads.cursor - total + nth, event_id, type, resource_id, time, actor, cause, correlation, data
    from fresh join heads using (tenant_id)
  )
  select tenant_id, cursor from heads`;

export async function appendToLogs(tx: PoolClient, events: readonly EventRecord[]): Promise<Heads> {
  const told = events.map((event, place) => ({
    place,
    tenant_id: event.tenant,
    event_id: event.id,
    type: `${event.context}.${event.type}`,
    resource_id: event.stream.slice(event.stream.indexOf(':') + 1),
    time: instant(event.time),
    actor: event.actor,
    cause: event.cause,
    correlation: event.correlation,
    data: toldData(event),
  }));
  const { rows } = await tx.query<{ tenant_id: string; cursor: number }>(appendSql, [JSON.stringify(told)]);
  return new Map(rows.map((row) => [row.tenant_id, Number(row.cursor)]));
}
