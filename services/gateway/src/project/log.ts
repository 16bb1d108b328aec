/** The tenants' logs: written in the transaction of the projections, so that what is told is there to be read. */
import { type ChainedRecord, genesis, link } from '@atoll/schema/audit/chain';
import { type Context, contexts } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';
import { takeDecided } from '../audit/decided.ts';
import { instant } from './effects.ts';
import type { Change, LogEntry } from './log-entry.ts';
import type { ScopeOf } from './log-scope.ts';
import { type Candidate, inOrder } from './order.ts';
import { toldData } from './redact.ts';

/** What each event changed, by its id. */
export type Changed = ReadonlyMap<string, readonly Change[]>;

/** One batch at a time, whichever process and context it is of: whoever writes the logs or what they tell of. */
export const takeTurn = (tx: PoolClient) =>
  tx.query(`select pg_advisory_xact_lock(hashtextextended('atoll read projections', 0))`);
/** What is told of events and isn't in them. */
export interface Beside {
  readonly changes: Changed;
  readonly scopeOf: ScopeOf;
}
const nothingBeside: Beside = {
  changes: new Map(),
  scopeOf: () => ({ environment_id: null, namespace_id: null }),
};

/** Newest cursor by tenant. */
export type Heads = ReadonlyMap<string, number>;

/** Whoever calls holds the lock of the projections: cursors and hashes follow from the heads as they are. */
const appendSql = `
  with heads as (
    insert into read.tenant_log_head (tenant_id, cursor, hash)
    select * from json_to_recordset($2) as head(tenant_id text, cursor bigint, hash text)
    on conflict (tenant_id) do update set cursor = excluded.cursor, hash = excluded.hash
  )
  insert into read.tenant_log
    (tenant_id, cursor, event_id, type, resource_id, time, actor, cause, correlation, traceparent, data, changes, hash,
      environment_id, namespace_id)
  select * from json_to_recordset($1) as told(
    tenant_id text, cursor bigint, event_id text, type text, resource_id text, time text, actor text, cause text,
    correlation text, traceparent text, data json, changes json, hash text,
    environment_id text, namespace_id text
  )`;

const headsSql = 'select tenant_id, cursor, hash from read.tenant_log_head where tenant_id = any($1)';

interface Told extends Candidate {
  readonly row: LogEntry;
  readonly isNew: boolean;
}

const field = (data: unknown, name: string): string | null => {
  const value: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, name) : null;
  return typeof value === 'string' ? value : null;
};

function toldOf(event: EventRecord, { changes, scopeOf }: Beside, now: number): Told {
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
      changes: changes.get(event.id) ?? null,
      ...scopeOf(event),
    },
  };
}

interface Waiting {
  readonly event_id: string;
  readonly told: LogEntry;
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
      tenant: row.told.tenant_id,
      context: row.context,
      position: Number(row.position),
      cause: row.told.cause,
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
  select event_id, null from read.tenant_log_trimmed where event_id = any($1)
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

/** Appends to the logs, each record chained to the one before it. Contiguous per tenant. */
export async function appendEntries(tx: PoolClient, entries: readonly LogEntry[]): Promise<Heads> {
  if (entries.length === 0) return new Map();
  const tenants = [...new Set(entries.map(({ tenant_id }) => tenant_id))];
  const { rows } = await tx.query<{ tenant_id: string; cursor: number; hash: string | null }>(headsSql, [tenants]);
  const ends = new Map<string, { cursor: number; hash: string }>(
    tenants.map((tenant) => {
      const head = rows.find(({ tenant_id }) => tenant_id === tenant);
      return [tenant, { cursor: Number(head?.cursor ?? 0), hash: head?.hash ?? genesis(tenant) }];
    }),
  );
  const records = entries.map((entry) => {
    const end = ends.get(entry.tenant_id) ?? { cursor: 0, hash: genesis(entry.tenant_id) };
    end.cursor += 1;
    end.hash = link(end.hash, chainedOf(entry, end.cursor));
    return { ...entry, cursor: end.cursor, hash: end.hash };
  });
  const heads = [...ends].map(([tenant_id, { cursor, hash }]) => ({ tenant_id, cursor, hash }));
  await tx.query({ name: 'log_append', text: appendSql, values: [JSON.stringify(records), JSON.stringify(heads)] });
  return new Map(heads.map(({ tenant_id, cursor }) => [tenant_id, cursor]));
}

const chainedOf = (entry: LogEntry, cursor: number): ChainedRecord => ({
  ...{ cursor: String(cursor), id: entry.event_id, tenant: entry.tenant_id, type: entry.type },
  ...{ resourceId: entry.resource_id, time: entry.time, actor: entry.actor, cause: entry.cause },
  ...{ correlation: entry.correlation, data: entry.data },
  // What has waited since before there were changes has none.
  changes: entry.changes ?? null,
});

/**
 * Tells the events in their tenants' logs, and those that waited for them; what must wait for others is told by a later
 * call. Without events it tells those whose time is up. What was asked of the gateway and is decided is told with them.
 */
export async function appendToLogs(
  tx: PoolClient,
  events: readonly EventRecord[],
  beside: Beside = nothingBeside,
  now = Date.now(),
): Promise<Heads> {
  const tell = await eventsToTell(tx, events, beside, now);
  const asked = await takeDecided(tx);
  return await appendEntries(tx, [...tell, ...asked]);
}

async function eventsToTell(
  tx: PoolClient,
  events: readonly EventRecord[],
  beside: Beside,
  now: number,
): Promise<readonly LogEntry[]> {
  const waiting = await readWaiting(tx);
  const here = new Set(waiting.map(({ eventId }) => eventId));
  const arrived = events.filter(({ id }) => !here.has(id)).map((event) => toldOf(event, beside, now));
  const all = [...waiting, ...arrived];
  if (all.length === 0) return [];
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
  return tell.map(({ row }) => row);
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

/** Whether anything waits to be told: events for what they follow from, decided entries for the next turn. */
export async function areWaiting(tx: Pick<PoolClient, 'query'>): Promise<boolean> {
  const { rows } = await tx.query<{ some: boolean }>(
    `select exists(select from read.tenant_log_waiting)
       or exists(select from read.audit_entry where outcome is not null) as "some"`,
  );
  return rows[0]?.some ?? false;
}
