/**
 * The history of the resources, written with the rows of the API: one row for each event that changed one. Tables are
 * named without schema: a rebuild makes it again beside itself.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';
import { type Effect, instant, type TableName } from './effects.ts';
import { applyToImages, type Changed, hasImages, type Image, imageKey, isUnder, type State } from './images.ts';
import type { Change } from './log-entry.ts';

export const historyTable = 'resource_change';

const lastSql = {
  name: 'history_last',
  text: `
    select k.kind, k.id, h.change, h.tenant_id as tenant, h.state
    from unnest($1::text[], $2::text[]) as k(kind, id)
    cross join lateral (
      select change, tenant_id, state from resource_change h
      where h.id = k.id and h.kind = k.kind order by change desc limit 1
    ) h`,
};

const writeSql = `
  insert into resource_change
    (id, kind, change, tenant_id, event_id, type, time, actor, cause, correlation, state, before, after)
  select id, kind, change, tenant_id, event_id, type, time, actor, cause, correlation, state, before, after
  from json_populate_recordset(null::resource_change, $1)`;

type Purge = Effect & { readonly op: 'purge' };
const columnName = /^[a-z_0-9]+$/;

/** The ids that a purge takes along, of what was there before the batch. */
async function underOf(tx: PoolClient, { table, column, value }: Purge): Promise<readonly string[]> {
  if (!columnName.test(column)) throw new Error(`${column} is no column.`);
  const { rows } = await tx.query<{ id: string }>(`select id from ${table} where ${column} = $1`, [value]);
  return rows.map(({ id }) => id);
}

interface Last {
  readonly kind: TableName;
  readonly id: string;
  readonly change: number;
  readonly tenant: string;
  readonly state: State | null;
}

export interface Step {
  readonly event: EventRecord;
  /** Of the event as the log tells it. */
  readonly effects: readonly Effect[];
}

/** Before the rows themselves are written. What each event changed, by its id. */
export async function writeHistory(
  tx: PoolClient,
  steps: readonly Step[],
): Promise<ReadonlyMap<string, readonly Change[]>> {
  const purges = new Map<Purge, readonly string[]>();
  const keys = new Map<string, { readonly kind: TableName; readonly id: string }>();
  for (const effect of steps.flatMap(({ effects }) => effects)) {
    if (effect.op === 'derive' || !hasImages(effect.table)) continue;
    const { table: kind } = effect;
    const ids = effect.op === 'purge' ? await underOf(tx, effect) : [effect.id];
    if (effect.op === 'purge') purges.set(effect, ids);
    for (const id of ids) keys.set(imageKey(kind, id), { kind, id });
  }
  if (keys.size === 0) return new Map();
  const asked = [...keys.values()];
  const { rows } = await tx.query<Last>({
    ...lastSql,
    values: [asked.map(({ kind }) => kind), asked.map(({ id }) => id)],
  });
  const images = new Map<string, Image>(rows.map((row) => [imageKey(row.kind, row.id), row]));

  const changes = new Map<string, readonly Change[]>();
  const written: Record<string, unknown>[] = [];
  for (const { event, effects } of steps) {
    // What was put in this batch isn't in the tables yet.
    const under = (purge: Purge) => [
      ...new Set([
        ...(purges.get(purge) ?? []),
        ...[...images.values()].filter((image) => isUnder(image, purge)).map(({ id }) => id),
      ]),
    ];
    const changed = applyToImages(effects, images, under);
    if (changed.length === 0) continue;
    changes.set(
      event.id,
      changed.map(({ kind, id, before, after }) => ({ kind, id, before, after })),
    );
    written.push(...changed.map((change) => rowOf(event, change)));
  }
  if (written.length > 0) await tx.query(writeSql, [JSON.stringify(written)]);
  return changes;
}

const rowOf = (event: EventRecord, { kind, id, before, after, image }: Changed) => ({
  ...{ id, kind, change: image.change, tenant_id: image.tenant, event_id: event.id },
  ...{ type: `${event.context}.${event.type}`, time: instant(event.time), actor: event.actor, cause: event.cause },
  ...{ correlation: event.correlation, state: image.state, before, after },
});
