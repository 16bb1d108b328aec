/** What can be rebuilt and how far that is: to list, to ask for, to cancel. Any process may; a process of the service does the work. */
import type { Context } from '@atoll/schema/contexts';
import type { Pool, PoolClient } from 'pg';
import { quoteSchema } from '../database/sql.ts';
import { transaction } from '../database/transaction.ts';
import { dropTables, nextSchema } from './tables.ts';

/** `switched`: it is live, and the version before it is being dropped. */
export type RebuildPhase = 'requested' | 'building' | 'switched' | 'done' | 'cancelled' | 'failed';
export const runningPhases: readonly RebuildPhase[] = ['requested', 'building', 'switched'];

export interface RebuildSource {
  readonly consumer: string;
  readonly context: Context;
  /** Up to here the new version has the effects. */
  readonly position: number;
  /** Where the live one was when last looked at. */
  readonly target: number;
}

export interface RebuildStatus {
  readonly attempt: number;
  readonly phase: RebuildPhase;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Events per second, of the last seconds. */
  readonly rate: number | null;
  /** What it waits for, or why it failed. */
  readonly note: string | null;
  readonly updatedAt: Date;
  readonly sources: readonly RebuildSource[];
}

export interface KnownProjection {
  readonly name: string;
  readonly revision: number;
  readonly tables: readonly string[];
  readonly consumers: readonly string[];
  /** The last one; null where there never was one. */
  readonly rebuild: RebuildStatus | null;
}

interface Where {
  readonly pool: Pool;
  readonly schema: string;
}

const positions = (status: RebuildStatus, of: 'position' | 'target') =>
  status.sources.reduce((sum, source) => sum + source[of], 0);

/** `left` in seconds; null where nothing is known of the rate yet. */
export function progressOf(status: RebuildStatus): { position: number; total: number; left: number | null } {
  const position = positions(status, 'position');
  const total = Math.max(position, positions(status, 'target'));
  return { position, total, left: status.rate ? (total - position) / status.rate : null };
}

/** Every projection that a process of this schema has said it can rebuild, by name. */
export async function listProjections({ pool, schema }: Where): Promise<readonly KnownProjection[]> {
  const q = quoteSchema(schema);
  const { rows } = await pool.query<Omit<KnownProjection, 'rebuild'> & RebuildStatus & { isRebuilt: boolean }>(
    `select p.name, p.revision, p.tables, p.consumers, r.projection is not null as "isRebuilt",
       r.attempt, r.phase, r.requested_at as "requestedAt", r.started_at as "startedAt", r.ended_at as "endedAt",
       r.rate, r.note, r.updated_at as "updatedAt",
       (select coalesce(json_agg(json_build_object(
           'consumer', s.consumer, 'context', s.context, 'position', s.position, 'target', s.target
         ) order by s.consumer), '[]')
         from ${q}.rebuild_source s where s.projection = p.name) as sources
     from ${q}.projection p left join ${q}.rebuild r on r.projection = p.name
     order by p.name`,
  );
  return rows.map(({ name, revision, tables, consumers, isRebuilt, ...rebuild }) => ({
    ...{ name, revision, tables, consumers },
    rebuild: isRebuilt ? rebuild : null,
  }));
}

export type RequestOutcome =
  | { readonly outcome: 'requested'; readonly attempt: number }
  | { readonly outcome: 'running'; readonly phase: RebuildPhase }
  | { readonly outcome: 'unknown'; readonly known: readonly string[] };

/** Asks for a rebuild. One at a time per projection: `running` where there is one. */
export async function requestRebuild({ pool, schema }: Where, projection: string): Promise<RequestOutcome> {
  const q = quoteSchema(schema);
  return transaction(pool, async (tx): Promise<RequestOutcome> => {
    // The projection's row is what makes two requests take turns.
    const { rowCount } = await tx.query(`select from ${q}.projection where name = $1 for update`, [projection]);
    if (rowCount !== 1) {
      const { rows } = await tx.query<{ name: string }>(`select name from ${q}.projection order by name`);
      return { outcome: 'unknown', known: rows.map(({ name }) => name) };
    }
    const { rows } = await tx.query<{ phase: RebuildPhase; attempt: number }>(
      // Not locked: the batch under way holds it, and there is nothing to wait for.
      `select phase, attempt from ${q}.rebuild where projection = $1`,
      [projection],
    );
    const last = rows[0];
    if (last && runningPhases.includes(last.phase)) return { outcome: 'running', phase: last.phase };
    const attempt = (last?.attempt ?? 0) + 1;
    await tx.query(`delete from ${q}.rebuild_source where projection = $1`, [projection]);
    await tx.query(
      `insert into ${q}.rebuild (projection, attempt, phase) values ($1, $2, 'requested')
       on conflict (projection) do update set
         attempt = excluded.attempt, phase = 'requested', requested_at = now(), started_at = null, ended_at = null,
         rate = null, note = null, revision = null, shape = null, updated_at = now()`,
      [projection, attempt],
    );
    return { outcome: 'requested', attempt };
  });
}

/** The consumer's name under which the new version parks what fails. */
export const nextConsumer = (consumer: string): string => `${consumer} (next)`;

/** Takes away what a rebuild has made and not switched to: tables, positions, parked events. */
export async function clearNext(tx: PoolClient, schema: string, projection: string): Promise<void> {
  const q = quoteSchema(schema);
  const { rows } = await tx.query<{ tables: readonly string[] }>(
    `select tables from ${q}.rebuild where projection = $1`,
    [projection],
  );
  await dropTables(tx, nextSchema(schema), rows[0]?.tables ?? []);
  await tx.query(
    `delete from ${q}.parked_event where consumer in (
       select consumer || ' (next)' from ${q}.rebuild_source where projection = $1
     )`,
    [projection],
  );
}

export type CancelOutcome =
  | { readonly outcome: 'cancelled' }
  /** It runs no more, or never did; too late where it is \`switched\`. */
  | { readonly outcome: 'not-running'; readonly phase: RebuildPhase | null };

/** Ends a rebuild and removes what it has made. Waits for the batch that is being written; needs no process of the service. */
export async function cancelRebuild({ pool, schema }: Where, projection: string): Promise<CancelOutcome> {
  const q = quoteSchema(schema);
  return transaction(pool, async (tx): Promise<CancelOutcome> => {
    const { rows } = await tx.query<{ phase: RebuildPhase }>(
      `select phase from ${q}.rebuild where projection = $1 for update`,
      [projection],
    );
    const phase = rows[0]?.phase ?? null;
    if (phase !== 'requested' && phase !== 'building') return { outcome: 'not-running', phase };
    await clearNext(tx, schema, projection);
    await tx.query(
      `update ${q}.rebuild set phase = 'cancelled', ended_at = now(), note = null, rate = null, updated_at = now()
       where projection = $1`,
      [projection],
    );
    return { outcome: 'cancelled' };
  });
}
