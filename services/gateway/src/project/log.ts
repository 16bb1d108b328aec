/** The tenants' logs: written in the transaction of the projections, so that what is told is there to be read. */
import { type Context, contexts } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';
import { instant } from './effects.ts';
import { type Candidate, inOrder } from './order.ts';
import { toldData } from './redact.ts';

/** Newest cursor by tenant. */
export type Heads = ReadonlyMap<string, number>;

/** Contiguous per tenant, an event once, whatever is replayed. Whoever calls holds the lock of the projections. */
const appendSql = `
  with told as (
    select * from json_to_recordset($1) as told(
      place integer, tenant_id text, event_id text, type text, resource_id text, time text, actor text, cause text,
      correlation text, traceparent text, data json
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
      (tenant_id, cursor, event_id, type, resource_id, time, actor, cause, correlation, traceparent, data)
    select tenant_id, heads.cursor - total + nth, event_id, type, resource_id, time, actor, cause, correlation,
      traceparent, data
    from fresh join heads using (tenant_id)
  )
  select tenant_id, cursor from heads`;

interface Told extends Candidate {
  readonly row: Readonly<Record<string, unknown>>;
  readonly isNew: boolean;
}

const field = (data: unknown, name: string): string | null => {
  const value: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, name) : null;
  return typeof value === 'string' ? value : null;
};

function toldOf(event: EventRecord, now: number): Told {
  const type = `${event.context}.${event.type}`;
  return {
    eventId: event.id,
    tenant: event.tenant,
    context: event.context,
    position: event.position,
    cause: event.cause,
    startedInstance: type === 'deploy.InstanceStarted' ? field(event.data, 'instanceId') : null,
    securedInstance: type === 'network.EndpointSecured' ? field(event.data, 'instanceId') : null,
    since: now,
    isNew: true,
    row: {
      tenant_id: event.tenant,
      event_id: event.id,
      type,
      resource_id: event.stream.slice(event.stream.indexOf(':') + 1),
      time: instant(event.time),
      actor: event.actor,
      cause: event.cause,
      correlation: event.correlation,
      traceparent: event.traceparent,
      data: toldData(event),
    },
  };
}

interface Waiting {
  readonly event_id: string;
  readonly told: Readonly<Record<string, unknown>>;
  readonly context: string;
  readonly position: number;
  readonly started_instance: string | null;
  readonly secured_instance: string | null;
  readonly since: Date;
}

const isContext = (text: string): text is Context => contexts.some((context) => context === text);

async function readWaiting(tx: PoolClient): Promise<readonly Told[]> {
  const { rows } = await tx.query<Waiting>('select * from read.tenant_log_waiting');
  return rows.map((row) => {
    if (!isContext(row.context)) throw new Error(`${row.context} is no context.`);
    return {
      eventId: row.event_id,
      tenant: String(row.told.tenant_id),
      context: row.context,
      position: Number(row.position),
      cause: typeof row.told.cause === 'string' ? row.told.cause : null,
      startedInstance: row.started_instance,
      securedInstance: row.secured_instance,
      since: row.since.getTime(),
      isNew: false,
      row: row.told,
    };
  });
}

const knownSql = `
  select event_id as told, null as secured from read.tenant_log where event_id = any($1)
  union all
  select null, id from read.endpoint where id = any($2) and secured_at is not null`;

/** Which of the events are in a log, and of which instances the rules are in force. */
async function readKnown(tx: PoolClient, ids: readonly string[], instances: readonly string[]) {
  const { rows } = await tx.query<{ told: string | null; secured: string | null }>(knownSql, [ids, instances]);
  return {
    told: new Set(rows.flatMap(({ told }) => told ?? [])),
    secured: new Set(rows.flatMap(({ secured }) => secured ?? [])),
  };
}

const waitSql = `
  insert into read.tenant_log_waiting
    (event_id, told, context, position, started_instance, secured_instance, since)
  select event_id, told, context, position, started_instance, secured_instance, to_timestamp(since / 1000.0)
  from json_to_recordset($1) as waiting(
    event_id text, told json, context text, position bigint, started_instance text, secured_instance text, since numeric
  )`;

/**
 * Tells the events in their tenants' logs, and those that waited for them; what must wait for others is told by a later
 * call. Without events it tells those whose time is up.
 */
export async function appendToLogs(tx: PoolClient, events: readonly EventRecord[], now = Date.now()): Promise<Heads> {
  const waiting = await readWaiting(tx);
  const here = new Set(waiting.map(({ eventId }) => eventId));
  const arrived = events.filter(({ id }) => !here.has(id)).map((event) => toldOf(event, now));
  const all = [...waiting, ...arrived];
  if (all.length === 0) return new Map();
  const ids = all.flatMap(({ eventId, cause }) => (cause === null ? [eventId] : [eventId, cause]));
  const known = await readKnown(
    tx,
    ids,
    all.flatMap(({ startedInstance }) => startedInstance ?? []),
  );
  // What is replayed was told before.
  const { tell, wait } = inOrder(
    all.filter(({ eventId }) => !known.told.has(eventId)),
    known,
    now,
  );

  const begin = wait.filter(({ isNew }) => isNew);
  if (begin.length > 0) await tx.query(waitSql, [JSON.stringify(begin.map(toWaiting))]);
  const end = tell.filter(({ isNew }) => !isNew).map(({ eventId }) => eventId);
  if (end.length > 0) await tx.query('delete from read.tenant_log_waiting where event_id = any($1)', [end]);
  if (tell.length === 0) return new Map();
  const told = tell.map(({ row }, place) => ({ place, ...row }));
  const { rows } = await tx.query<{ tenant_id: string; cursor: number }>(appendSql, [JSON.stringify(told)]);
  return new Map(rows.map((row) => [row.tenant_id, Number(row.cursor)]));
}

const toWaiting = ({ eventId, row, context, position, startedInstance, securedInstance, since }: Told) => ({
  event_id: eventId,
  told: row,
  context,
  position,
  started_instance: startedInstance,
  secured_instance: securedInstance,
  since,
});

export async function areWaiting(tx: Pick<PoolClient, 'query'>): Promise<boolean> {
  const { rows } = await tx.query<{ some: boolean }>('select exists(select from read.tenant_log_waiting) as "some"');
  return rows[0]?.some ?? false;
}
